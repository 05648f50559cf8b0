"""Commands that act: what is asked of the desk, what is shown, and what a tap says; a message alone sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from guard.bot.acting_text import ROWS_MAX, log_text, order_text
from guard.bot.asking import Ask, Tap, TapAnswer
from guard.bot.desk import Desk
from guard.bot.desks.acting import Actable, Action, ActionLog, Answer, Frozen, Offer, PlanRow, Question, TapProblem
from guard.bot.limits import TEXT_MAX, plain, size
from guard.bot.replies import Reply
from guard.bot.table import BY_NAME, TAPS
from guard.language.speech import ENGLISH, Speech, speech_of
from guard.ports.buttons import account_key
from guard.ports.errors import NotAllowed
from guard.ports.records import HedgeRecord, IntentRecord, Mode, OrderJournalState, OrderRecord, Snapshot, UserRecord
from guard.ports.wishes import Wish
from guard.risk.zones import Zone

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANNA = UserRecord("user-anna", "anna", NOON)
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
MAIN = Actable("account-1", "main", "owner", "confirm", None, False, Zone.DANGER, (BTC, ETH))
OTHER = replace(MAIN, account_id="account-2", name="other", frozen=True, role="viewer", symbols=("SOL/USDT:USDT",))
ROW = PlanRow("reduce", BTC, "long", "sell", "0.5", "29552", 8.925, 14_850.0)
OFFER = Offer("main", ("Reduce: x", "level", "cost"), (ROW,), "n0nce", 60.0, may_act=True)


@dataclass
class StubDesk:
    """Keeps what it is asked for."""

    snapshots: list[Snapshot]
    accounts: list[Actable] = field(default_factory=lambda: [MAIN, OTHER])
    shown: Offer = OFFER
    answer: Answer = field(default_factory=lambda: Answer("sending", "main", orders=3))
    problem: TapProblem | None = None
    log: ActionLog = field(default_factory=lambda: ActionLog("main", ()))
    asked: list[Any] = field(default_factory=list)
    forgetful: bool = False

    def now(self) -> datetime:
        """Noon."""
        return NOON

    async def statuses(self, user_id: str) -> list[Snapshot]:
        """Both accounts."""
        return self.snapshots

    async def actables(self, user_id: str) -> list[Actable]:
        """Both accounts."""
        return self.accounts

    async def offer(self, person: UserRecord, speech: Speech, account_id: str, wish: Wish) -> Offer:
        """The one there is."""
        self.asked.append((account_id, wish))
        return self.shown

    async def offer_again(self, person: UserRecord, speech: Speech, nonce: str) -> Offer | TapProblem:
        """The one there is, or none."""
        self.asked.append(nonce)
        return self.problem or self.shown

    async def approve(self, person: UserRecord, speech: Speech, nonce: str) -> Answer:
        """As told."""
        self.asked.append(nonce)
        return self.answer

    async def ask_mode(self, person: UserRecord, account_id: str, mode: Mode, for_s: float | None) -> Question | None:
        """A question for what allows orders."""
        self.asked.append((account_id, mode, for_s))
        return Question("main", "n0nce", 60.0, mode, for_s) if mode in {"confirm", "auto"} else None

    async def ask_resume(self, person: UserRecord, account_id: str) -> Question | None:
        """A question where it is frozen."""
        self.asked.append(account_id)
        return Question("other", "n0nce", 60.0) if account_id == OTHER.account_id else None

    async def freeze(self, person: UserRecord, account_ids: tuple[str, ...]) -> Frozen:
        """All of them."""
        self.asked.append(account_ids)
        names = tuple(each.name for each in self.accounts if each.account_id in account_ids)
        return Frozen(names, names if self.forgetful else (), "/data/guard.stop" if self.forgetful else "")

    async def action_log(self, person: UserRecord, account_id: str, since: datetime) -> ActionLog:
        """The one there is."""
        self.asked.append((account_id, NOON - since))
        return self.log


@pytest.fixture
def desk(snapshot: Callable[..., Snapshot]) -> StubDesk:
    """Two accounts: main is in danger, other is not."""
    return StubDesk(
        [
            snapshot(account_id="account-1", account="main", zone=Zone.DANGER),
            snapshot(account_id="account-2", account="other", zone=Zone.SAFE),
        ]
    )


async def say(desk: StubDesk, text: str, speech: Speech = ENGLISH) -> Reply:
    """The answer to a command."""
    name, _, argument = text.removeprefix("/").partition(" ")
    reply = await BY_NAME[name].answer(cast("Desk", desk), Ask(ANNA, 1001, 1001, argument, speech))
    assert size(reply.html) <= TEXT_MAX
    return reply


async def tap(desk: StubDesk, data: str) -> TapAnswer:
    """What a tap leads to."""
    action, _, argument = data.partition(":")
    return await TAPS[action].answer(cast("Desk", desk), Tap(ANNA, 1001, 1001, 7, argument, html="the plan"))


@pytest.mark.parametrize(
    ("text", "account", "wish"),
    [
        ("/plan", "account-1", Wish()),
        ("/plan other", "account-2", Wish()),
        ("/plan 30%", "account-1", Wish(risk_ratio=0.3)),
        ("/plan other distance 15%", "account-2", Wish(distance=0.15)),
        ("/reduce BTC 25%", "account-1", Wish("reduce", BTC, share=0.25)),
        ("/reduce main btc short 0.5", "account-1", Wish("reduce", BTC, "short", contracts=Decimal("0.5"))),
        ("/reduce other SOL all", "account-2", Wish("reduce", "SOL/USDT:USDT", share=1.0)),
        ("/reduce SOL all", "account-2", Wish("reduce", "SOL/USDT:USDT", share=1.0)),  # the only one that has it
        ("/hedge ETH 50%", "account-1", Wish("hedge", ETH, share=0.5)),
        ("/net", "account-1", Wish("net")),
        ("/net BTC", "account-1", Wish("net", BTC)),
        ("/unhedge other", "account-2", Wish("unhedge")),
    ],
)
async def test_what_is_asked_for(desk: StubDesk, text: str, account: str, wish: Wish) -> None:
    """Account, symbol, leg and size as typed; the most urgent account where none is named."""
    reply = await say(desk, text)
    assert desk.asked == [(account, wish)]
    assert [button.data for button in reply.buttons[0]] == ["do:n0nce", "again:n0nce"]
    assert all(len(button.data.encode()) <= 64 for button in reply.buttons[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/plan soon", "You have no account soon."),
        ("/plan 200%", "I do not understand 200% here."),
        ("/plan distance", "I do not understand distance here."),
        ("/reduce", "Say which symbol, and how much."),
        ("/reduce BTC", "Say how much"),
        ("/reduce BTC short", "Say how much"),
        ("/reduce BTC 500 USDT", "Say how much"),
        ("/reduce main DOGE 25%", "The account has no DOGE."),
        ("/net main DOGE", "The account has no DOGE."),
        ("/mode main full", "I do not understand full here."),
        ("/mode auto forever", "I do not understand forever here."),
        ("/mode auto 0h", "I do not understand 0h here."),
        ("/actions main lately", "I do not understand lately here."),
    ],
)
async def test_what_is_not_understood_asks_nothing(desk: StubDesk, text: str, words: str) -> None:
    """One line, and nothing is priced or proposed."""
    reply = await say(desk, text)
    assert words in plain(reply.html)
    assert not any(isinstance(each, tuple) and isinstance(each[1], Wish) for each in desk.asked)
    assert reply.buttons == ()


async def test_a_plan_shows_what_a_tap_does(desk: StubDesk) -> None:
    """Lines, steps with price and cost, how long the button works."""
    text = plain((await say(desk, "/plan")).html)
    assert "reduce BTC/USDT:USDT long: sell 0.5 contracts at 29,552 USDT or better, cost 8.925 USDT" in text
    assert "Nothing is sent before you tap. The button works for 1 min." in text


async def test_what_cannot_be_done_has_no_button(desk: StubDesk) -> None:
    """Every reason, in the reader's language; the plan of later is one tap away."""
    desk.shown = replace(OFFER, may_act=False, refusals=("the kill switch is on", "the key may not trade"))
    reply = await say(desk, "/plan", speech_of("ja", "UTC"))
    assert [button.data for button in reply.buttons[0]] == ["again:n0nce"]
    assert "キルスイッチが作動しています" in reply.html
    assert "このキーでは取引できません" in reply.html


async def test_a_long_plan_fits_a_message(desk: StubDesk) -> None:
    """What is left out is counted."""
    desk.shown = replace(OFFER, rows=(ROW,) * 60)
    assert f"... and {60 - ROWS_MAX} more steps" in plain((await say(desk, "/plan")).html)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (replace(ROW, remedy="cancel"), "cancel the order sell 0.5 contracts BTC/USDT:USDT at 29,552 USDT"),
        (replace(ROW, remedy="transfer", symbol="USDT", contracts="500"), "transfer 500 USDT"),
        (replace(ROW, remedy="hedge", leg="short"), "hedge BTC/USDT:USDT short: sell 0.5 contracts"),
    ],
)
async def test_every_remedy_has_its_words(desk: StubDesk, row: PlanRow, words: str) -> None:
    """What is done to what."""
    desk.shown = replace(OFFER, rows=(row,))
    assert words in plain((await say(desk, "/plan")).html)


@pytest.mark.parametrize(
    ("answer", "notice", "refused"),
    [
        (Answer("sending", "main", orders=3), "On its way.", ""),
        (Answer("sending", "main", orders=3, dry_run=True), "On its way.", ""),
        (Answer("refused", "main", ("the key may not trade",)), "Nothing was sent.", "tap do, refused: the key"),
        (Answer("stale", problem="expired"), "This button has expired", "tap do, expired"),
        (Answer("stale", problem="used"), "This button was used already", "tap do, used"),
        (Answer("stale", problem="foreign"), "This button is somebody else's", "tap do, foreign"),
        (Answer("stale", problem="unknown"), "This button is no longer in use", "tap do, unknown"),
        (Answer("again", "main", offer=OFFER), "The plan has changed: nothing was sent.", ""),
        (Answer("changed", "main", mode="auto"), "Done.", ""),
    ],
)
async def test_what_a_tap_says(desk: StubDesk, answer: Answer, notice: str, refused: str) -> None:
    """A notice, the message drawn anew, and a line for the log where something was refused."""
    desk.answer = answer
    done = await tap(desk, "do:n0nce")
    assert done.notice.startswith(notice)
    assert done.refused.startswith(refused)
    assert bool(done.refused) == bool(refused)
    assert len(done.notice) <= 200
    if answer.kind in {"sending", "refused"}:
        assert done.redraw is not None
        assert done.redraw.buttons == ()
        assert done.redraw.html.startswith("the plan")


async def test_an_expired_button_leaves_the_way_to_the_plan_of_now(desk: StubDesk) -> None:
    """The plan is redrawn with the one button that still means something."""
    desk.answer = Answer("stale", problem="expired")
    done = await tap(desk, "do:n0nce")
    assert done.redraw is not None
    assert [button.data for button in done.redraw.buttons[0]] == ["again:n0nce"]
    again = await tap(desk, "again:n0nce")
    assert again.redraw is not None
    desk.problem = "foreign"
    assert (await tap(desk, "again:n0nce")).refused == "tap again, foreign"


async def test_an_expired_question_is_asked_anew_by_command(desk: StubDesk) -> None:
    """There is no plan behind it, so there is no button for one."""
    desk.answer = Answer("stale", problem="expired", question=True)
    done = await tap(desk, "do:n0nce")
    assert done.notice == "This button has expired: nothing was changed. Type the command again."
    assert done.redraw is not None
    assert done.redraw.buttons == ()


async def test_a_viewer_freezes_nothing_and_is_told_why(desk: StubDesk) -> None:
    """Not that they have no account."""
    desk.accounts = [replace(MAIN, role="viewer")]
    with pytest.raises(NotAllowed) as caught:
        await say(desk, "/freeze")
    assert (caught.value.needed, caught.value.role, caught.value.account) == ("operator", "viewer", "main")
    assert desk.asked == []


async def test_the_plan_button_of_an_alert(desk: StubDesk) -> None:
    """A further message for an account that is theirs, nothing for another."""
    done = await tap(desk, f"plan:{account_key('account-2')}")
    assert done.send is not None
    assert desk.asked == [("account-2", Wish())]
    assert (await tap(desk, f"plan:{account_key('account-9')}")).refused


async def test_modes(desk: StubDesk) -> None:
    """Shown, asked about with a button, or taken at once."""
    shown = plain((await say(desk, "/mode")).html)
    assert "main: confirm" in shown
    assert "frozen: nothing is sent until /resume" in shown
    assert "other" not in plain((await say(desk, "/mode main")).html)
    asked = await say(desk, "/mode main auto 8h")
    assert "Set main to auto, for 8 h?" in plain(asked.html)
    assert [button.data for button in asked.buttons[0]] == ["do:n0nce"]
    assert (await say(desk, "/mode observe")).buttons == ()
    assert desk.asked == [("account-1", "auto", 28_800.0), ("account-1", "observe", None)]


async def test_freezing_needs_no_second_tap(desk: StubDesk) -> None:
    """Without a name everything on which the person may act; a viewer's account is not among it."""
    assert "Frozen: main" in plain((await say(desk, "/freeze")).html)
    await say(desk, "/freeze all")
    await say(desk, "/freeze main")
    assert desk.asked == [("account-1",), ("account-1",), ("account-1",)]


async def test_a_freeze_that_is_not_stored_says_what_it_is_worth(desk: StubDesk) -> None:
    """It holds in memory only: a restart would end it, and what holds then is named."""
    desk.forgetful = True
    text = plain((await say(desk, "/freeze")).html)
    assert text.startswith("❄️ Frozen: main. No order is sent until /resume")
    lost, remedy = text.splitlines()[1:]
    assert lost.startswith("⚠️ Not stored, the database cannot be written: main. This freeze is lost when the guard")
    assert "run guard stop-orders on the guard's machine, or create the file /data/guard.stop there." in remedy


async def test_resuming_asks_first(desk: StubDesk) -> None:
    """Without a name the one that is frozen; one that is not says so."""
    asked = await say(desk, "/resume")
    assert "It is frozen now." in plain(asked.html)
    assert "is not frozen any more" in plain((await say(desk, "/resume main")).html)
    assert desk.asked == ["account-2", "account-1"]


async def test_the_record(desk: StubDesk) -> None:
    """Why, who, what was sent, what filled at which price, levels, cost against plan, hedges."""
    order = OrderRecord(
        order_id="o",
        intent_id="i",
        account_id="account-1",
        step=0,
        client_order_id="o",
        remedy="reduce",
        symbol=BTC,
        side="sell",
        leg="long",
        contracts="0.5",
        limit_price="29552",
        reduce_only=True,
        state=OrderJournalState.VERIFIED,
        updated_at=NOON,
        filled="0.5",
        average_price=29_697.0,
    )
    intent = IntentRecord(
        intent_id="i",
        account_id="account-1",
        at=NOON,
        state="done",
        zone=Zone.DANGER,
        reason="distance to liquidation 3.6 % is at or below 4 %",
        detail="{}",
        risk_ratio_before=0.8,
        risk_ratio_after=0.31,
        origin="confirm",
        requested_by="user-anna",
        cost_planned=8.925,
        cost_actual=8.5,
    )
    hedge = HedgeRecord("h", "account-1", "i", BTC, "short", "0.5", ETH, "long", NOON)
    desk.log = ActionLog("main", (Action(intent, (order,), "anna"),), (hedge,))
    text = plain((await say(desk, "/actions main 24h")).html)
    for words in (
        "done · danger · confirmed by anna",
        "sell 0.5 contracts BTC/USDT:USDT long: filled 0.5 at 29,697 USDT",
        "Risk ratio 80.0 % → 31.0 %",
        "Cost 8.50, planned 8.93 (quote currency)",
        "0.5 contracts BTC/USDT:USDT short against ETH/USDT:USDT long",
    ):
        assert words in text
    assert desk.asked == [("account-1", timedelta(hours=24))]
    refused = replace(order, filled="0", average_price=None, state=OrderJournalState.REJECTED, error="-2019 no margin")
    assert order_text(ENGLISH, refused).endswith("rejected, -2019 no margin")
    assert "Nothing was done or refused." in log_text(ENGLISH, ActionLog("main", ()), "7d")
