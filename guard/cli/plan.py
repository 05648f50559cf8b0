"""`guard plan`: the cheapest way of a book file back to the target, offline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from guard.cli.fraction import read_fraction
from guard.cli.offline import AsJson, BookPath, bad_books_told, read_book
from guard.cli.output import EXIT_NO, console, print_json

if TYPE_CHECKING:
    from guard.ports.venue import Instrument
    from guard.protect.plan_values import PlanLimits, Target
    from guard.risk.book import Book, Position
    from guard.risk.scenarios import Scenario

REMEDIES: Final = ("cancel", "net", "transfer", "reduce", "hedge")
ALLOWANCE_BPS: Final = 10.0
"""Spread and slippage where no order book is known: a file has none."""
_STEP_VALUE: Final = 10.0
_ONE_ORDER: Final = 1e15


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("plan")(plan)


def plan(
    book: BookPath,
    target_risk: Annotated[
        str | None, typer.Option("--target-risk", metavar="RATIO", help="Requirement / equity at most, 0.35 or 35%.")
    ] = None,
    target_distance: Annotated[
        str | None, typer.Option("--target-distance", metavar="MOVE", help="Distance to liquidation at least, 12%.")
    ] = None,
    target_level: Annotated[
        str | None, typer.Option("--target-level", metavar="LEVEL", help="Equity / initial margin at least, 200%.")
    ] = None,
    target_hours: Annotated[
        float | None,
        typer.Option("--target-hours", metavar="H", help="Hours of --volatility to liquidation at least, such as 24."),
    ] = None,
    volatility: Annotated[
        str | None,
        typer.Option("--volatility", metavar="MOVE", help="The market's move in an hour (one sigma), 0.8%."),
    ] = None,
    remedies: Annotated[
        str, typer.Option("--remedies", metavar="LIST", help=f"What may be done, of {', '.join(REMEDIES)}.")
    ] = "cancel,net,reduce",
    shock: Annotated[
        list[str] | None,
        typer.Option(
            "--shock",
            metavar="ASSET=MOVE",
            help="A move to survive, such as BTC=-10% or BTC=-10%,ETH=-20%; each option is one. ALL is all the rest.",
        ),
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option("--step", metavar="SYMBOL=CONTRACTS", help="Smallest step of an order, BTC/USDT:USDT=0.001."),
    ] = None,
    transfer: Annotated[
        list[str] | None,
        typer.Option("--transfer", metavar="ASSET=AMOUNT", help="Collateral that may be moved in, USDT=5000."),
    ] = None,
    beta: Annotated[
        list[str] | None,
        typer.Option("--beta", metavar="ASSET=BETA", help="For hedges by proxy: assets with beta 1 hedge the others."),
    ] = None,
    allow: Annotated[
        list[str] | None, typer.Option("--allow", metavar="SYMBOL", help="Trade this symbol only; may be repeated.")
    ] = None,
    max_notional: Annotated[
        float | None, typer.Option("--max-notional", min=0, help="Trade at most this much, in quote currency.")
    ] = None,
    cost_bps: Annotated[
        float, typer.Option("--cost-bps", min=0, max=50, help="Spread and slippage of an order, basis points.")
    ] = ALLOWANCE_BPS,
    require_feasible: Annotated[
        bool, typer.Option("--require-feasible", help="Exit 3 when no plan restores the target.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The cheapest way back under the target: what to cancel, net, reduce or hedge, and what it costs."""
    from guard.cli.plan_table import plan_table
    from guard.protect.plan import plan_protection
    from guard.protect.plan_json import plan_json
    from guard.protect.plan_values import PlanLimits

    parsed = read_book(book)
    target = _target(target_risk, target_distance, target_level, _distance_in(target_hours, volatility))
    limits = PlanLimits(
        allow_symbols=_known_symbols(parsed, allow or []),
        max_notional_left=max_notional,
        max_child_notional=_ONE_ORDER,
        allowance_bps=cost_bps,
        transferable=_amounts(transfer or [], "--transfer", "USDT=5000"),
    )
    rules = instruments(parsed, _steps(parsed, step or []))
    with bad_books_told():
        shocks = [_scenario(parsed, text) for text in shock or []]
        found = plan_protection(
            parsed,
            target,
            rules,
            remedies=_remedies(remedies, transfer=bool(transfer), beta=bool(beta)),
            limits=limits,
            shocks=shocks,
            betas=_amounts(beta or [], "--beta", "ETH=1.2"),
        )
    answer = {
        "account": parsed.account,
        "venue": parsed.venue,
        "model": parsed.model,
        **plan_json(found),
        "target": _target_json(target, shocks),
        "assumptions": _assumptions(parsed, rules, limits, [text.partition("=")[0] for text in step or []]),
    }
    if as_json:
        print_json(answer)
    else:
        console().print(plan_table(answer))
    if require_feasible and not found.feasible:
        raise typer.Exit(EXIT_NO)


def _distance_in(hours: float | None, volatility: str | None) -> float | None:
    """The distance that hours of a volatility come to; None where none were given.

    Raises:
        InputError: one without the other, or a distance that no account can have.
    """
    from guard.ports.errors import InputError
    from guard.risk.own_volatility import way_in_hours

    if hours is None and volatility is None:
        return None
    if hours is None or volatility is None:
        raise InputError("--target-hours and --volatility go together: name both")
    move = read_fraction(volatility, "--volatility")
    if not (hours > 0.0 and math.isfinite(hours)) or not move > 0.0:
        raise InputError(f"--target-hours was {hours:g} and --volatility {volatility}, both must be above 0")
    found = way_in_hours(hours, move)
    if found >= 1.0:
        raise InputError(f"--target-hours {hours:g} at {volatility} an hour are {found:.0%}, must be below 100%")
    return found


def _target(risk: str | None, distance: str | None, level: str | None, travelled: float | None) -> Target:
    """What is asked for: the levels that were given, or the built-in ones where none was.

    Of two distances the longer one; `travelled` is the one that was given as hours.

    Raises:
        InputError: a level that no account can have.
    """
    from guard.ports.errors import InputError
    from guard.protect.plan_values import Target

    if risk is None and distance is None and level is None and travelled is None:
        return Target()
    ratio = 1.0 if risk is None else read_fraction(risk, "--target-risk")
    room = 0.0 if distance is None else read_fraction(distance, "--target-distance")
    cover = None if level is None else read_fraction(level, "--target-level")
    if not 0.0 < ratio <= 1.0:
        raise InputError(f"--target-risk was {risk}, must be above 0 and at most 100%")
    if not 0.0 <= room < 1.0:
        raise InputError(f"--target-distance was {distance}, must be at least 0 and below 100%")
    if cover is not None and cover <= 0.0:
        raise InputError(f"--target-level was {level}, must be above 0")
    return Target(ratio, max(room, travelled or 0.0), cover)


def _target_json(target: Target, shocks: Sequence[Scenario]) -> dict[str, Any]:
    return {
        "risk_ratio": target.risk_ratio,
        "distance": target.distance,
        "margin_level": target.margin_level,
        "shocks": [shock.name for shock in shocks],
    }


def _remedies(text: str, *, transfer: bool, beta: bool) -> tuple[str, ...]:
    """The remedies that were named; `--transfer` names one too.

    Raises:
        InputError: one that there is not, or `--beta` for no hedge.
    """
    from guard.ports.errors import InputError

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in REMEDIES:
            raise InputError(f"--remedies was {ascii(name[:40])[1:-1]}, must be of {', '.join(REMEDIES)}")
    if not names:
        raise InputError(f"--remedies was empty, must be of {', '.join(REMEDIES)}")
    if beta and "hedge" not in names:
        raise InputError("--beta is for hedges: name hedge in --remedies too")
    return (*names, "transfer") if transfer and "transfer" not in names else names


def _scenario(book: Book, text: str) -> Scenario:
    """One shock as a scenario, as `guard stress` reads it."""
    from guard.cli.stress import typed_scenario

    return typed_scenario(book, [part for part in text.split(",") if part.strip()] or [text])


def _amounts(typed: Sequence[str], option: str, example: str) -> dict[str, float]:
    """NAME=NUMBER pairs.

    Raises:
        InputError: not of that form, a name twice, or a number that is not above 0.
    """
    from guard.ports.errors import InputError

    found: dict[str, float] = {}
    for text in typed:
        name, _, number = (part.strip() for part in text.partition("="))
        shown = ascii(text[:40])[1:-1]
        try:
            amount = float(number)
        except ValueError:
            amount = math.nan
        if not name or not math.isfinite(amount) or amount <= 0.0:
            raise InputError(f"{option} was {shown}, must be of the form {example}, a number above 0")
        if name in found:
            raise InputError(f"{option} names {ascii(name[:40])[1:-1]} twice")
        found[name] = amount
    return found


def _known_symbols(book: Book, names: Sequence[str]) -> tuple[str, ...]:
    """Symbols of the book.

    Raises:
        InputError: one that the book does not have: a limit that names nothing would look like one that holds.
    """
    from guard.ports.errors import InputError

    known = dict.fromkeys([leg.symbol for leg in book.positions] + [order.symbol for order in book.orders])
    for name in names:
        if name not in known:
            has = ", ".join(known) or "none"
            raise InputError(f"the book has no symbol {ascii(name[:60])[1:-1]}, it has {has}")
    return tuple(names)


def _steps(book: Book, typed: Sequence[str]) -> dict[str, Decimal]:
    """Steps by symbol, as they were typed.

    Raises:
        InputError: not of the form SYMBOL=CONTRACTS, or a symbol that the book does not have.
    """
    from guard.ports.errors import InputError

    found: dict[str, Decimal] = {}
    for text in typed:
        name, _, number = (part.strip() for part in text.rpartition("="))
        try:
            size = Decimal(number)
        except InvalidOperation:
            size = Decimal(0)
        if not name or not size.is_finite() or size <= 0:
            shown = ascii(text[:60])[1:-1]
            raise InputError(f"--step was {shown}, must be of the form BTC/USDT:USDT=0.001, a number above 0")
        _known_symbols(book, [name])
        found[name] = size
    return found


def instruments(book: Book, steps: dict[str, Decimal]) -> dict[str, Instrument]:
    """Trading rules that a book file does not have: the steps that were given, sensible ones for the rest."""
    from guard.ports.venue import Instrument
    from guard.protect.sizing import exact

    found: dict[str, Instrument] = {}
    for leg in book.positions:
        step = steps.get(leg.symbol) or min(
            sensible_step(other) for other in book.positions if other.symbol == leg.symbol
        )
        tick = Decimal(1).scaleb(math.floor(math.log10(leg.mark_price)) - 5)
        found[leg.symbol] = Instrument(leg.symbol, step, step, tick, exact(leg.contract_size))
    return found


def sensible_step(leg: Position) -> Decimal:
    """A power of ten worth at most 10 in quote currency, and as fine as the size of the leg itself.

    Whole contracts stay whole where one is worth at most 100.
    """
    from guard.protect.sizing import contract_notional, exact

    unit = contract_notional(leg.kind, leg.contract_size, leg.mark_price)
    exponent = exact(leg.contracts).normalize().as_tuple().exponent
    finest = exponent if isinstance(exponent, int) else 0
    if finest >= 0 and unit <= 10.0 * _STEP_VALUE:
        return Decimal(1)
    wanted = math.floor(math.log10(_STEP_VALUE / unit))
    return Decimal(1).scaleb(min(wanted, finest, 0) if finest >= -8 else min(wanted, 0))


def _assumptions(book: Book, rules: dict[str, Instrument], limits: PlanLimits, given: Sequence[str]) -> dict[str, Any]:
    """What the plan rests on that the book does not say."""
    return {
        "taker_fee": book.fees.taker,
        "spread_and_slippage_bps": limits.allowance_bps,
        "limit_band_bps": limits.max_slippage_bps,
        "steps": [
            {"symbol": symbol, "contracts": float(rule.step), "assumed": symbol not in given}
            for symbol, rule in sorted(rules.items())
        ],
    }
