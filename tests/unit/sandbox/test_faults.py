from __future__ import annotations

from guard.sandbox.faults import Fault, FaultKind, Faults


def test_strikes_as_often_as_declared() -> None:
    """Twice means twice, on the paths it names, and each strike is counted."""
    faults = Faults()
    faults.add(Fault(FaultKind.OUTAGE, path="/account", method="GET", times=2))
    assert faults.strike(FaultKind.OUTAGE, "GET", "/fapi/v1/time", 0) is None
    assert faults.strike(FaultKind.OUTAGE, "POST", "/fapi/v3/account", 0) is None
    assert faults.strike(FaultKind.RESET, "GET", "/fapi/v3/account", 0) is None
    assert [faults.strike(FaultKind.OUTAGE, "GET", "/fapi/v3/account", 0) is None for _ in range(3)] == [
        False,
        False,
        True,
    ]
    assert faults.struck == {"outage": 2}


def test_strikes_in_its_window() -> None:
    """From its first moment on, no longer at its last."""
    faults = Faults()
    faults.add(Fault(FaultKind.OUTAGE, from_ms=10, until_ms=20))
    assert [faults.strike(FaultKind.OUTAGE, "GET", "/", at) is not None for at in (9, 10, 19, 20)] == [
        False,
        True,
        True,
        False,
    ]


def test_luck_is_seeded() -> None:
    """The same seed strikes the same requests."""

    def strikes(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault(FaultKind.RESET, probability=0.5))
        return [faults.strike(FaultKind.RESET, "GET", "/", 0) is not None for _ in range(64)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 16 < sum(strikes(1)) < 48


def test_cleared_by_kind_or_all() -> None:
    """Other kinds stay on unless all are switched off."""
    faults = Faults()
    faults.add(Fault(FaultKind.OUTAGE))
    faults.add(Fault(FaultKind.RESET))
    faults.clear(FaultKind.OUTAGE)
    assert [fault.kind for fault in faults.active] == [FaultKind.RESET]
    faults.clear()
    assert faults.active == []
    assert faults.present(FaultKind.RESET, 0) is None
