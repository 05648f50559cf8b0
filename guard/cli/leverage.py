"""`guard leverage`: the leverage that an allowed drawdown and an assumed move permit, and what a book has now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guard.cli.fraction import read_fraction
from guard.cli.offline import AsJson, bad_books_told, read_book
from guard.cli.output import console, print_json

if TYPE_CHECKING:
    from guard.cli.prices import Returns
    from guard.risk.book import Book
    from guard.risk.report import PoolRisk

DEFAULT_DRAWDOWN = "10%"
DEFAULT_DEVIATIONS = 3.0


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("leverage")(leverage)


def leverage(
    book: Annotated[
        Path | None, typer.Argument(metavar="BOOK", help="A book file, or - for standard input.", show_default=False)
    ] = None,
    drawdown: Annotated[
        str | None, typer.Option("--drawdown", metavar="PERCENT", help="Loss that you allow, such as 10%.")
    ] = None,
    move: Annotated[
        str | None, typer.Option("--move", metavar="PERCENT", help="Largest move that you assume, such as 3%.")
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option("--prices", metavar="DIR", help="Take the move from the book's own volatility: <BASE>USDT.csv."),
    ] = None,
    deviations: Annotated[
        float, typer.Option("--deviations", metavar="N", help="With --prices: daily deviations to survive.")
    ] = DEFAULT_DEVIATIONS,
    as_json: AsJson = False,
) -> None:
    """Leverage that fits: allowed drawdown / assumed move, by style, or for a book with its effective leverage now."""
    from guard.cli.leverage_table import leverage_table
    from guard.ports.errors import InputError

    if book is None:
        if drawdown is None or move is None or prices is not None:
            raise InputError("give --drawdown and --move, or a BOOK", fix="guard leverage --drawdown 10% --move 3%")
        answer = _without_book(read_fraction(drawdown, "--drawdown"), read_fraction(move, "--move"))
    else:
        allowed = read_fraction(drawdown or DEFAULT_DRAWDOWN, "--drawdown")
        answer = _for_book(read_book(book), allowed, move, prices, deviations)
    if as_json:
        print_json(answer)
    else:
        console().print(leverage_table(answer))


def _without_book(drawdown: float, move: float) -> dict[str, Any]:
    from guard.risk.leverage import optimal_leverage

    with bad_books_told():
        optimal = optimal_leverage(drawdown, move)
    return {
        "drawdown": drawdown,
        "move": move,
        "optimal": optimal,
        "effective": None,
        "styles": _styles(optimal),
        "basis": "given",
        "pools": [],
    }


def _styles(optimal: float | None) -> list[dict[str, Any]]:
    """Usual ranges; `fits` says whether the leverage lies in them."""
    from guard.risk.leverage import STYLES

    return [
        {"style": style, "low": low, "high": high, "fits": optimal is not None and low <= optimal <= high}
        for style, (low, high) in STYLES.items()
    ]


def _for_book(book: Book, drawdown: float, move: str | None, prices: Path | None, deviations: float) -> dict[str, Any]:
    """Each pool with positions; at the top the one that uses most of what fits.

    The move comes from one place: given, from recorded prices, or else from the shocks of stress.
    """
    from guard.ports.errors import InputError
    from guard.risk.assess import assess

    if move is not None and prices is not None:
        raise InputError("--move and --prices exclude each other", fix="the prices give the move")
    if not 0.0 < deviations <= 100.0:
        raise InputError(f"--deviations was {deviations:g}, must be above 0 and at most 100")
    with bad_books_told():
        pools = [pool for pool in assess(book, liquidation=False).pools if pool.positions]
        if not pools:
            raise InputError("positions is empty, must have a position: an empty book has no leverage")
        recorded = _recorded(book, prices) if prices is not None else None
        given = None if move is None else read_fraction(move, "--move")
        rows = [_pool_row(pool, drawdown, given, recorded, deviations) for pool in pools]
    tightest = max(rows, key=_use)
    basis = "given" if given is not None else "prices" if recorded is not None else "stress"
    answer = {"drawdown": drawdown, **{name: tightest[name] for name in ("move", "optimal", "effective")}}
    answer |= {"styles": _styles(tightest["optimal"]), "basis": basis}
    if recorded is not None:
        answer |= {
            "deviations": deviations,
            "returns": len(next(iter(recorded.by_base.values()))),
            "hours_per_bar": recorded.hours_per_bar,
        }
    return {**answer, "pools": rows}


def _recorded(book: Book, prices: Path) -> Returns:
    from guard.cli.prices import read_returns

    return read_returns(prices, [position.base for position in book.positions])


def _use(row: Mapping[str, Any]) -> float:
    """How much of the fitting leverage a pool uses; a pool without equity uses it all."""
    if row["effective"] is None:
        return float("inf")
    return 0.0 if row["optimal"] is None else float(row["effective"]) / float(row["optimal"])


def _pool_row(
    pool: PoolRisk, drawdown: float, given: float | None, recorded: Returns | None, deviations: float
) -> dict[str, Any]:
    from guard.risk.leverage import advise, book_volatility, stress_move

    row: dict[str, Any] = {
        "currency": pool.currency,
        "margin_mode": pool.margin_mode,
        "symbol": pool.symbol,
        "equity": pool.equity,
        "gross_notional": pool.gross_notional,
        "effective": pool.effective_leverage,
        "daily_volatility": None,
    }
    assumed = stress_move(pool) if given is None else given
    if recorded is not None:
        by_symbol = {leg.symbol: recorded.by_base[leg.symbol.partition("/")[0]] for leg in pool.positions}
        row["daily_volatility"] = book_volatility(pool, by_symbol, hours_per_bar=recorded.hours_per_bar)
        assumed = deviations * row["daily_volatility"]
    if assumed <= 0.0 and given is None:  # the legs offset each other: nothing to divide by
        return {**row, "move": 0.0, "optimal": None, "reduce_by": None}
    advice = advise(pool, drawdown=drawdown, move=assumed)
    reduce_by = None if advice.effective is None else advice.reduce_by
    return {**row, "move": assumed, "optimal": advice.optimal, "reduce_by": reduce_by}
