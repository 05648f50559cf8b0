"""From danger to an order by a person's tap: proposed, confirmed, made anew, sent, told; and everything in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import StoreError
from guard.protect import consent as judged
from guard.sandbox.telegram import Message

DO, NOW = "✅ Do it", "🔄 Plan now"


def nonce_of(message: Message) -> str:
    """The secret of a plan's buttons."""
    return str(message.buttons[0][0].data).partition(":")[2]


async def test_a_tap_on_the_proposed_plan_saves_the_account(house: Callable[..., Any]) -> None:
    """Danger, a plan with a button, the tap, the order, the target restored, told; a second tap does nothing."""
    async with house("confirm") as at:
        at.fall()
        plan = await at.said("a way back under the target")
        nonce = nonce_of(plan)
        assert "Nothing is sent before you tap" in plan.text
        assert sum("a way back" in each.text for each in at.mia.seen()) == 1
        assert at.orders() == 0
        assert await at.tap(plan, DO) == "On its way."
        await at.said("acted, back under the target")
        assert Decimal(0) < at.held() < Decimal(2)
        (intent,) = await at.intents()
        assert (intent.state, intent.origin, intent.requested_by) == ("done", "confirm", at.user.user_id)
        assert intent.cost_planned is not None
        sent = at.orders()
        again = at.mia.tap(plan, DO, data=f"do:{nonce}")
        assert "used already" in await at.mia.answer_to(again, 10)
        assert at.orders() == sent
        done = await at.store.proposal_of(nonce)
        assert (done.used_by, done.outcome) == (at.user.user_id, f"intent {intent.intent_id}")
        what = [entry.what for entry in await at.store.audit(datetime.now(tz=UTC) - timedelta(hours=1), 10)]
        assert "approve" in what
        log = (await at.ask("/actions", "· actions")).text
        assert "confirmed by mia" in log
        assert "filled" in log


async def test_killed_between_the_tap_and_the_order(house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The intent is journalled, nothing is sent: the next start accounts for it; the same button does nothing more."""

    async def killed(*_: Any) -> None:
        await asyncio.Event().wait()

    async with house("confirm") as at:
        at.fall()
        monkeypatch.setattr(at.service.protection.execution, "execute", killed)
        plan = await at.ask("/plan", "· plan")
        nonce = nonce_of(plan)
        assert await at.tap(plan, DO) == "On its way."
        (intent,) = await at.intents()
        assert (intent.state, at.orders()) == ("open", 0)
        await at.restart()
        await at.until(at.ended)
        (intent,) = await at.intents()
        assert (intent.state, at.orders()) == ("failed", 0)
        assert "interrupted before its first order" in intent.detail
        again = at.mia.tap(plan, DO, data=f"do:{nonce}")
        assert "used already" in await at.mia.answer_to(again, 10)


async def test_a_memory_that_fails_between_journal_and_order(
    house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent, and the intent that stands in the journal keeps no later plan from being made."""
    async with house("confirm") as at:
        at.fall()
        settle = at.store.settle_proposal

        async def full(proposal_id: str, outcome: str) -> None:
            if outcome.startswith("intent"):
                raise StoreError("database is locked")
            await settle(proposal_id, outcome)

        monkeypatch.setattr(at.store, "settle_proposal", full)
        assert "cannot answer right now" in await at.tap(await at.ask("/plan", "· plan"), DO)
        await at.until(at.ended)
        (intent,) = await at.intents()
        assert (intent.state, at.orders()) == ("failed", 0)
        assert "interrupted before its first order" in intent.detail


async def test_a_freeze_from_elsewhere_is_heard_of_before_the_first_order(house: Callable[..., Any]) -> None:
    """Not at the next look at all accounts only."""
    async with house("confirm") as at:
        at.fall()
        plan = await at.ask("/plan", "· plan")
        await at.store.set_frozen("account-1", True)
        assert await at.tap(plan, DO) == "Nothing was sent."
        assert at.orders() == 0


async def test_a_tap_that_may_not_act_sends_nothing(house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Expired, somebody else's, frozen, a dearer plan: refused kindly, counted and stored; the plan of now is near."""
    async with house("confirm") as at:
        at.fall(31_000)
        plan = await at.ask("/plan", "· plan")
        nonce, refused = nonce_of(plan), await at.store.refusal_count()
        eve = await at.befriend("eve", 502, role="viewer")
        for words in ("/reduce BTC 25%", "/freeze main", "/mode auto"):
            await eve.ask(words, timeout_s=10)
        forged = eve.tap(eve.seen()[-1], DO, data=f"do:{nonce}")
        assert "somebody else's" in await eve.answer_to(forged, 10)
        late = datetime.now(tz=UTC) + timedelta(seconds=61)
        tap_problem = judged.tap_problem
        monkeypatch.setattr("guard.app.consent.tap_problem", lambda found, user, _: tap_problem(found, user, late))
        assert "has expired" in await at.tap(plan, DO)
        monkeypatch.undo()
        assert await at.store.refusal_count() >= refused + 4
        assert (await at.store.proposal_of(nonce)).used_at is None
        await at.tap(await at.mia.wait_for(lambda each: each.labels == (NOW,), 10), NOW)
        anew = await at.mia.wait_for(lambda each: DO in each.labels, 10)
        at.fall(29_300)
        assert "has changed" in await at.tap(anew, DO)
        dearer = await at.said("By now the plan is another one")
        await at.ask("/freeze", "Frozen: main")
        assert await at.tap(dearer, DO) == "Nothing was sent."
        await at.said("automation of this account is frozen")
        (intent,) = await at.intents()
        assert (intent.state, intent.origin, at.orders()) == ("refused", "command", 0)
        question = await at.ask("/resume", "act again")
        assert await at.tap(question, "✅ Yes, let it act again") == "Done."
        order = await at.ask("/reduce BTC 25%", "· plan")
        taps = [at.service.consent.taken(at.user, nonce_of(order), least="operator") for _ in range(3)]
        answers = await asyncio.gather(*taps)
        assert sum(not isinstance(answer, judged.TapProblem) for answer in answers) == 1
        assert at.orders() == 0


async def test_modes_are_set_by_the_owner_and_end_in_time(house: Callable[..., Any]) -> None:
    """Suggest proposes and cannot act; auto is asked first and for a time; it ends by itself, told once."""
    async with house("suggest", dry_run=True) as at:
        at.fall()
        order = await at.ask("/reduce BTC 25%", "· plan")
        assert "mode is suggest, orders need confirm or auto" in order.text
        assert "does not tell whether the key may trade" not in order.text
        assert DO not in order.labels
        question = await at.ask("/mode confirm 8h", "for 8 h?")
        assert (await at.store.account_named("main")).mode == "suggest"
        await at.store.set_frozen("account-1", True)  # by somebody else, after the question
        assert await at.mia.answer_to(at.mia.tap(question, "✅ Yes, set it"), 20) == "Done."
        await at.said("automation of this account is frozen until it is resumed")
        armed = await at.store.account_named("main")
        assert (armed.mode, armed.frozen) == ("confirm", True)
        await at.ask("/resume", "act again")
        assert await at.tap(await at.said("act again"), "✅ Yes, let it act again") == "Done."
        assert timedelta(hours=7.9) < armed.mode_until - datetime.now(tz=UTC) < timedelta(hours=8.1)
        order = await at.ask("/reduce BTC 25%", "· plan")
        assert "Dry run" in order.text
        assert await at.tap(order, DO) == "On its way."
        (intent,) = await at.until(at.intents)
        (planned,) = await at.store.orders_of(intent.intent_id)
        assert (intent.state, planned.contracts, planned.side, at.orders()) == ("dry_run", "0.500", "sell", 0)
        await at.store.set_mode("account-1", "auto", datetime.now(tz=UTC))
        watch = at.service.consent.watch_now("account-1")
        watch.follow(await at.store.account_named("main"), at.opened.clock.monotonic())

        async def told() -> list[str]:
            alerts = await at.store.alerts(datetime.now(tz=UTC) - timedelta(hours=1))
            return [each.text for each in alerts if "mode auto has ended" in each.text]

        assert len(await at.until(told)) == 1
        assert (await at.store.account_named("main")).mode == "observe"
        log = await at.store.audit(datetime.now(tz=UTC) - timedelta(hours=1), 10)
        assert [entry.what for entry in log] == ["approve", "mode", "approve", "resume", "approve", "mode"]
