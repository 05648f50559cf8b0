"""What the commands that act ask for: modes, plans, consent, freezing.

Nothing is sent by asking. A plan is shown with a nonce; only a tap that brings it back, in time, by the same person,
leads to orders, and then the plan is made anew first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from guard.language.speech import Speech
from guard.ports.records import HedgeRecord, IntentRecord, Mode, OrderRecord, Role, UserRecord
from guard.ports.wishes import Wish
from guard.risk.zones import Zone

DO: Final = "do"
AGAIN: Final = "again"
"""What the buttons are called: do it, make the plan anew; both with a nonce."""

TapProblem = Literal["unknown", "foreign", "used", "expired"]


@dataclass(frozen=True, slots=True)
class Actable:
    """An account on which a person may act, and the symbols that it holds."""

    account_id: str
    name: str
    role: Role
    mode: Mode
    mode_until: datetime | None
    frozen: bool
    zone: Zone
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One step of a plan. Sizes and prices are exact decimal strings, money is in quote currency."""

    remedy: str
    symbol: str
    leg: str
    side: str
    contracts: str
    limit_price: str
    cost: float
    notional: float


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan as one person is shown it.

    `lines` are in the person's language. `refusals` (English sentences) say why it cannot be done now: empty and
    `may_act`, a tap on the button with `nonce` has it done within `valid_s`. `changed` says why a plan is shown again.
    """

    account: str
    lines: tuple[str, ...]
    rows: tuple[PlanRow, ...]
    nonce: str
    valid_s: float
    may_act: bool
    refusals: tuple[str, ...] = ()
    dry_run: bool = False
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A change of consent that waits for a tap: to another mode for so long (None: without end), or out of a freeze."""

    account: str
    nonce: str
    valid_s: float
    mode: Mode | None = None
    for_s: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a tap.

    `sending`: so many orders are on their way, a message tells what became of them; `again`: the plan is another one
    by now and is shown again; `refused`: nothing was sent, for `reasons` (English sentences); `stale`: the button
    cannot be used, for `problem` (`question`: it was under a question, of which there is no plan to make anew);
    `changed`: mode or freeze are now as asked.
    """

    kind: Literal["sending", "again", "refused", "stale", "changed"]
    account: str = ""
    reasons: tuple[str, ...] = ()
    offer: Offer | None = None
    problem: TapProblem | None = None
    question: bool = False
    orders: int = 0
    dry_run: bool = False
    mode: Mode | None = None
    mode_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One intent with its orders, and the name of who asked for it (empty: nobody)."""

    intent: IntentRecord
    orders: tuple[OrderRecord, ...]
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class ActionLog:
    """What protection did on an account, newest first, and the hedges that stand."""

    account: str
    actions: tuple[Action, ...]
    hedges: tuple[HedgeRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Frozen:
    """Accounts that were frozen, by name; those `unstored` only until a restart.

    `stop_file` is the kill switch: while it is there no order is sent, whatever is stored.
    """

    accounts: tuple[str, ...]
    unstored: tuple[str, ...] = ()
    stop_file: str = ""


class ActingDesk(Protocol):
    """What the commands that act ask for: modes, plans, consent, freezing.

    Every method may raise a `GuardError` when the answer cannot be had now, `NotAllowed` when the role is too low.
    """

    async def actables(self, user_id: str) -> list[Actable]:
        """The accounts that a person may see, by name, with what they may do there."""
        ...

    async def offer(self, person: UserRecord, speech: Speech, account_id: str, wish: Wish) -> Offer:
        """The plan of a wish, from a fresh book; needs an operator."""
        ...

    async def offer_again(self, person: UserRecord, speech: Speech, nonce: str) -> Offer | TapProblem:
        """The plan behind a button, made anew; or why that button shows nothing."""
        ...

    async def approve(self, person: UserRecord, speech: Speech, nonce: str) -> Answer:
        """A person said yes: use the nonce up and do it."""
        ...

    async def ask_mode(self, person: UserRecord, account_id: str, mode: Mode, for_s: float | None) -> Question | None:
        """Another mode, for so long; None = it was changed at once, because it allows less. Needs the owner."""
        ...

    async def ask_resume(self, person: UserRecord, account_id: str) -> Question | None:
        """Out of a freeze; None = the account is not frozen. Needs an operator."""
        ...

    async def freeze(self, person: UserRecord, account_ids: tuple[str, ...]) -> Frozen:
        """Stop every action on these accounts at once. Needs an operator on each."""
        ...

    async def action_log(self, person: UserRecord, account_id: str, since: datetime) -> ActionLog:
        """What protection did on an account since a time."""
        ...
