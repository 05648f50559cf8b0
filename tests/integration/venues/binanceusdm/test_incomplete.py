"""Answers with holes: empty strings, nulls, missing rows, torn moments. Nothing is dropped, nothing becomes 0."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def rows_with(symbol: str, **fields: Any) -> Any:
    """A change that sets fields in the rows of a symbol."""
    return lambda rows: [{**row, **fields} if row["symbol"] == symbol else row for row in rows]


async def held(bench: Any) -> Any:
    """An account with two legs."""
    legs = (bench.holding("BTCUSDT", "2", "43000"), bench.holding("ETHUSDT", "-5", "3300"))
    return await bench.open(bench.account("alice", *legs))


@pytest.mark.parametrize("empty", ["", None, "0.00000000"])
async def test_a_mark_that_does_not_come_along_is_read_elsewhere(bench: Any, empty: object) -> None:
    """From the mark price list."""
    opened = await held(bench)
    bench.tampering.changes[bench.positions] = rows_with("BTCUSDT", markPrice=empty)
    fetched = await opened.fetch_book()
    assert fetched.missing == ()
    assert fetched.book.positions[0].mark_price == 43500.0


async def test_a_mark_that_is_nowhere_makes_the_book_incomplete(bench: Any) -> None:
    """The leg stays, named."""
    opened = await held(bench)
    bench.tampering.changes[bench.positions] = rows_with("BTCUSDT", markPrice="")
    bench.tampering.changes["/fapi/v1/premiumIndex"] = lambda answer: {**answer, "markPrice": ""}
    fetched = await opened.fetch_book()
    assert fetched.missing == (f"mark price of {BTC}",)
    assert [leg.symbol for leg in fetched.book.positions] == [BTC, ETH]


async def test_a_symbol_without_tiers_makes_the_book_incomplete(bench: Any) -> None:
    """The leg stays, named; the table is asked for again, at most once a minute."""
    opened = await held(bench)
    bench.tampering.changes[bench.tiers] = lambda rows: [row for row in rows if row["symbol"] != "BTCUSDT"]
    fetched = await opened.fetch_book()
    assert fetched.missing == (f"tiers of {BTC}",)
    assert [leg.symbol for leg in fetched.book.positions] == [BTC, ETH]
    await opened.fetch_book()
    assert bench.tampering.count(bench.tiers) == 1
    bench.clock.jump(61)
    del bench.tampering.changes[bench.tiers]
    assert (await opened.fetch_book()).missing == ()


async def test_a_symbol_that_is_not_listed_makes_the_book_incomplete(bench: Any) -> None:
    """A new listing is found by asking again."""
    opened = await held(bench)
    bench.tampering.changes[bench.listings] = lambda answer: {
        **answer,
        "symbols": [row for row in answer["symbols"] if row["symbol"] != "ETHUSDT"],
    }
    fetched = await opened.fetch_book()
    assert fetched.missing == ("listing of ETHUSDT",)
    assert [(leg.symbol, leg.contracts) for leg in fetched.book.positions] == [(BTC, 2.0), (ETH, 5.0)]
    bench.clock.jump(61)
    del bench.tampering.changes[bench.listings]
    assert (await opened.fetch_book()).missing == ()


async def test_a_symbol_without_leverage_makes_the_book_incomplete(bench: Any) -> None:
    """Initial margin cannot be told."""
    opened = await held(bench)
    bench.tampering.changes[bench.settings] = lambda rows: [row for row in rows if row["symbol"] != "BTCUSDT"]
    assert (await opened.fetch_book()).missing == (f"leverage of {BTC}",)


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("key", ["positionAmt", "entryPrice", "marginAsset", "isolatedWallet"])
async def test_a_required_field_of_a_leg_is_never_guessed(bench: Any, key: str, empty: object) -> None:
    """The answer is refused by request, row and field."""
    opened = await held(bench)
    bench.tampering.changes[bench.positions] = rows_with("BTCUSDT", **{key: empty})
    with pytest.raises(BadAnswer, match=rf"positionRisk: BTCUSDT has no {key}"):
        await opened.fetch_book()


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("key", ["crossWalletBalance", "crossUnPnl"])
async def test_a_balance_is_never_guessed(bench: Any, key: str, empty: object) -> None:
    """An empty balance is not an empty account."""
    opened = await held(bench)
    bench.tampering.changes[bench.balances] = lambda answer: {
        **answer,
        "assets": [{**row, key: empty} if row["asset"] == "USDT" else row for row in answer["assets"]],
    }
    with pytest.raises(BadAnswer, match=rf"account: USDT has no {key}"):
        await opened.fetch_book()


@pytest.mark.parametrize("empty", ["", None])
async def test_the_venues_own_figures_may_be_missing(bench: Any, empty: object) -> None:
    """Then there is nothing to compare with, and no ratio is made of it."""
    opened = await held(bench)
    bench.tampering.changes[bench.balances] = lambda answer: {
        **answer,
        "assets": [{**row, "maintMargin": empty} for row in answer["assets"]],
    }
    pool = (await opened.fetch_book()).book.venue_reported.pools["USDT"]
    assert (pool.maintenance_margin, pool.risk_ratio) == (None, None)
    assert pool.equity is not None


async def test_a_duplicated_position_is_refused(bench: Any) -> None:
    """Neither adding up nor dropping one would be right."""
    opened = await held(bench)
    bench.tampering.changes[bench.positions] = lambda rows: [*rows, rows[0]]
    with pytest.raises(BadAnswer, match="BTCUSDT BOTH stands twice"):
        await opened.fetch_book()


async def test_a_missing_position_is_torn_not_flat(bench: Any) -> None:
    """The balances' answer still holds it; it is read once more, then said."""
    opened = await held(bench)
    bench.tampering.changes[bench.positions] = lambda rows: rows[:1]
    fetched = await opened.fetch_book()
    assert fetched.torn == ("ETHUSDT BOTH was -5 with the balances and 0 with the positions",)
    assert bench.tampering.count(bench.positions) == 2


async def test_a_trade_between_balances_and_positions_is_read_once_more(bench: Any) -> None:
    """The second reading is of one moment; nobody is told of the first."""
    opened = await held(bench)
    await opened.fetch_book()
    amounts = iter(["1.9"])

    def change(rows: list[Any]) -> Any:
        return rows_with("BTCUSDT", positionAmt=next(amounts, "2"))(rows)

    bench.tampering.changes[bench.positions] = change
    fetched = await opened.fetch_book()
    assert fetched.torn == ()
    assert [leg.contracts for leg in fetched.book.positions] == [2.0, 5.0]
    assert bench.tampering.count(bench.positions) == 3
