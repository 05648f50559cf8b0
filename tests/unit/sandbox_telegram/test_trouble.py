"""Flood limits and scripted faults."""

from __future__ import annotations

from guard.sandbox.telegram.trouble import Fault, FaultKind, Faults, FloodGate, FloodLimits


def test_without_limits_everything_passes() -> None:
    """The default."""
    gate = FloodGate()
    assert [gate.admit(0.0, 1, group=False) for _ in range(1000)] == [None] * 1000


def test_one_message_a_second_in_one_chat() -> None:
    """The second is refused with a whole second to wait, other chats are not concerned."""
    gate = FloodGate(FloodLimits(per_chat_per_second=1))
    assert gate.admit(0.0, 1, group=False) is None
    assert gate.admit(0.4, 1, group=False) == 1
    assert gate.admit(0.4, 2, group=False) is None
    assert gate.admit(1.0, 1, group=False) is None
    assert gate.refusals == 1


def test_limits_over_all_chats_and_of_groups() -> None:
    """Thirty a second in all; twenty a minute in a group, where the wait is long."""
    gate = FloodGate(FloodLimits.documented())
    assert [gate.admit(0.0, chat, group=False) for chat in range(31)] == [None] * 30 + [1]
    gate = FloodGate(FloodLimits.documented())
    assert [gate.admit(float(second), -1, group=True) for second in range(20)] == [None] * 20
    assert gate.admit(20.0, -1, group=True) == 40
    assert gate.admit(60.0, -1, group=True) is None


def test_a_refused_send_does_not_count() -> None:
    """Otherwise an impatient sender would never get through."""
    gate = FloodGate(FloodLimits(per_chat_per_second=1))
    gate.admit(0.0, 1, group=False)
    for tenth in range(1, 10):
        assert gate.admit(tenth / 10, 1, group=False) == 1
    assert gate.admit(1.0, 1, group=False) is None


def test_hold() -> None:
    """Everything, or one chat, is refused until a time."""
    gate = FloodGate()
    gate.hold(10.0, chat_id=1)
    assert gate.admit(2.5, 1, group=False) == 8
    assert gate.admit(2.5, 2, group=False) is None
    gate.hold(20.0)
    assert gate.admit(2.5, 2, group=False) == 18
    assert gate.admit(20.0, 1, group=False) is None


def test_faults_are_used_up_in_order() -> None:
    """By method, or any method but polling; then everything works again."""
    faults = Faults()
    faults.add(Fault(FaultKind.HANG, 1, "sendphoto"))
    faults.add(Fault(FaultKind.CLOSE, 2))
    taken = [faults.take(name) for name in ("getupdates", "sendmessage", "sendphoto", "sendphoto", "sendphoto")]
    assert [fault.kind if fault else None for fault in taken] == [
        None,
        FaultKind.CLOSE,
        FaultKind.HANG,
        FaultKind.CLOSE,
        None,
    ]
    faults.add(Fault(FaultKind.CLOSE, 5))
    faults.clear()
    assert faults.take("sendmessage") is None


def test_a_window_with_room_refuses_at_no_moment() -> None:
    """Also where a moment less a second plus a second is a little more than that moment."""
    gate = FloodGate(FloodLimits.documented())
    assert [gate.admit(at * 7.1, -1, group=True) for at in range(1, 60)] == [None] * 59
