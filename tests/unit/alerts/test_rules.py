"""What alerts are about, and how urgent they are."""

from __future__ import annotations

from guard.alerts.rules import Rule, fingerprint, zone_priority
from guard.risk.zones import LADDER, Zone


def test_fingerprints_name_conditions() -> None:
    """Equal conditions share a fingerprint; another account, rule or part has another one."""
    assert fingerprint("account-1", Rule.ZONE) == fingerprint("account-1", Rule.ZONE) == "account-1/zone"
    names = {
        fingerprint("account-1", Rule.ZONE),
        fingerprint("account-2", Rule.ZONE),
        fingerprint("account-1", Rule.BLIND),
        fingerprint("account-1", Rule.PROTECTION, "refused:frozen"),
        fingerprint("account-1", Rule.PROTECTION, "failed"),
    }
    assert len(names) == 5


def test_priorities_follow_the_danger() -> None:
    """A worse zone is more urgent; blind in danger is no less urgent than danger."""
    ranks = [zone_priority(Zone.SAFE, zone) for zone in LADDER]
    assert ranks == sorted(set(ranks))
    assert zone_priority(Zone.LIQUIDATION, Zone.UNKNOWN) == zone_priority(Zone.SAFE, Zone.LIQUIDATION)
    assert zone_priority(Zone.SAFE, Zone.UNKNOWN) > zone_priority(Zone.SAFE, Zone.WARNING)
