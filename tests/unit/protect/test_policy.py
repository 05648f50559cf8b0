"""The policy's defaults are the documented ones, and what is derived from it."""

from __future__ import annotations

from dataclasses import asdict

from guard.protect.policy import ProtectPolicy


def test_defaults() -> None:
    """Defaults as documented for `[protect]`."""
    assert asdict(ProtectPolicy()) == {
        "act_in": "danger",
        "confirm_cycles": 2,
        "target_risk_ratio": 0.35,
        "target_distance": 0.12,
        "max_cost_bps": 100.0,
        "max_slippage_bps": 50.0,
        "max_child_notional": 50_000.0,
        "max_daily_notional_x_equity": 20.0,
        "cooldown_s": 30.0,
        "remedies": ("cancel", "net", "reduce"),
        "allow_symbols": (),
        "dry_run": False,
        "act_at_distance": None,
        "act_at_hours": None,
        "target_hours": None,
        "proposal_valid_s": 60.0,
        "reprice_tolerance": 0.2,
        "unhedge_after_s": None,
        "betas": {},
        "transferable": {},
    }


def test_derived() -> None:
    """The cap never turns negative with the equity; limits carry what the planner needs."""
    policy = ProtectPolicy(allow_symbols=("X",))
    assert policy.daily_cap(1_000.0) == 20_000.0
    assert policy.daily_cap(-5.0) == 0.0
    assert (policy.target.risk_ratio, policy.target.distance) == (0.35, 0.12)
    limits = policy.limits(5.0)
    assert (limits.allow_symbols, limits.max_notional_left, limits.max_slippage_bps) == (("X",), 5.0, 50.0)
