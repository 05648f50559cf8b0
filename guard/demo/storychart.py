"""The chart of a demonstration: prices, the guard's zones, risk and equity of both accounts, on one time axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from guard.charts.file import write_png
from guard.charts.picture import Span
from guard.charts.style import (
    FAINT,
    GROUND,
    GUARDED_COLOUR,
    INK,
    UNGUARDED_COLOUR,
    headline,
    new_figure,
    panel,
    png_of,
    ribbon,
    tint,
)
from guard.charts.words import zone_names
from guard.demo.recording import Done, Recording
from guard.demo.stage import Sight
from guard.demo.summary import Fate, fate_of
from guard.language.speech import ENGLISH

HEIGHT_IN = 11.2
HEAD_IN = 1.85
MINUTE_S = 60.0
HOUR_S = 3600.0
PRICE_STYLE = (("#1c2430", "-"), ("#7a3fb0", "--"), ("#0f8a7e", "-."), ("#a05a00", ":"))


def story_chart(recording: Recording, path: Path) -> None:
    """Draw a run into a PNG file.

    Args:
        recording: the run, with a moment and a reading at least.
        path: the file.

    Raises:
        InputError: the file cannot be written.
    """
    figure = new_figure(HEIGHT_IN)
    prices, zones, risk, equity = figure.subplots(
        4, 1, sharex=True, gridspec_kw={"height_ratios": (2.2, 0.36, 2.2, 2.5), "hspace": 0.42}
    )
    figure.subplots_adjust(left=0.125, right=0.8, top=1 - HEAD_IN / HEIGHT_IN, bottom=0.058)
    time = _Time(recording)
    spans = [(time.of(start), time.of(end), zone) for start, end, zone in recording.zone_spans()]
    headline(figure, title_of(recording), _subtitle(recording))
    _draw_prices(prices, recording, time)
    _draw_zones(zones, recording, time, spans)
    _draw_risk(risk, recording, time, spans)
    _draw_equity(equity, recording, time, spans)
    equity.set_xlabel(f"{time.unit} since the story began", fontsize=12, color=INK)
    equity.set_xlim(0, time.of(recording.moments[-1].scene_s))
    equity.locator_params(axis="x", integer=True)
    write_png(png_of(figure), path)


class _Time:
    """Scenario seconds as minutes, or hours for a long scene, since the story began."""

    def __init__(self, recording: Recording) -> None:
        self._begin_s = recording.scene.begin_s
        is_long = recording.scene.end_s - self._begin_s > 4 * HOUR_S
        self.unit, self._unit_s = ("hours", HOUR_S) if is_long else ("minutes", MINUTE_S)

    def of(self, scene_s: float) -> float:
        return max(0.0, scene_s - self._begin_s) / self._unit_s


def title_of(recording: Recording) -> str:
    """What became of both accounts, in two lines."""
    guarded, unguarded = fate_of(recording, "guarded"), fate_of(recording, "unguarded")
    if not guarded.liquidated and not unguarded.liquidated:
        alarms = f"{recording.plain_alarms()} times across the level of an alarm,"
        return f"{alarms}\n{len(recording.told)} messages from the guard."
    return "\n".join(_end_line(name, fate) for name, fate in (("Unguarded", unguarded), ("Guarded", guarded)))


def _end_line(name: str, fate: Fate) -> str:
    if fate.liquidated:
        return f"{name}: liquidated, {fate.final_equity:,.0f} USDT left."
    return f"{name}: saved, {fate.final_equity:,.0f} USDT."


def _subtitle(recording: Recording) -> str:
    start = float(recording.scene.world.balance)
    lines = [
        f"Two equal accounts of {start:,.0f} USDT, one of them guarded.",
        f"Scenario {recording.scene.name}, time x {recording.speed:,.0f}.",
    ]
    if recording.blind_s() > 0:
        lines[1] += f" For {ENGLISH.duration(recording.blind_s())} the venue did not answer."
    return "\n".join(lines)


def _draw_prices(axes: Any, recording: Recording, time: _Time) -> None:
    panel(axes, "Prices, change since the start")
    xs = [time.of(moment.scene_s) for moment in recording.moments]
    ends: list[tuple[float, str, str]] = []
    for symbol, (colour, style) in zip(recording.scene.symbols, PRICE_STYLE, strict=False):
        first = recording.moments[0].marks[symbol]
        ys = [(moment.marks[symbol] / first - 1) * 100 for moment in recording.moments]
        axes.plot(xs, ys, color=colour, linestyle=style, linewidth=2)
        ends.append((ys[-1], f"{symbol.removesuffix('USDT')} {ys[-1]:+.0f} %", colour))
    _label_ends(axes, xs[-1], _merged(ends))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:+.0f} %" if value else "0 %")


def _merged(ends: list[tuple[float, str, str]]) -> list[tuple[float, str, str]]:
    """One label for lines that end at the same place, as where all prices move together."""
    if len(ends) > 1 and max(end[0] for end in ends) - min(end[0] for end in ends) < 0.2:
        return [(ends[0][0], f"all {ends[0][0]:+.0f} %", INK)]
    return ends


def _label_ends(axes: Any, x: float, ends: list[tuple[float, str, str]]) -> None:
    """Names at the ends of lines, moved apart where they would cover each other."""
    low, high = axes.get_ylim()
    gap = (high - low) * 0.105
    placed = low - gap
    for y, text, colour in sorted(ends):
        placed = max(y, placed + gap * (1 + text.count("\n")))
        axes.annotate(
            text,
            (x, placed),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=12,
            fontweight="bold",
            color=colour,
            annotation_clip=False,
        )


def _draw_zones(axes: Any, recording: Recording, time: _Time, spans: Sequence[Span]) -> None:
    ribbon(axes, spans, zone_names(ENGLISH))
    axes.set_title("The guard: ▼ wrote, ◆ acted", loc="left", fontsize=13, fontweight="bold", color=INK, pad=22)
    alerts = [time.of(told.scene_s) for told in recording.told if told.rule != "protection"]
    acted = [time.of(done.scene_s) for done in recording.done if done.contracts > 0]
    marks = {"clip_on": False, "zorder": 5, "linestyle": "none"}
    axes.plot(alerts, [1.38] * len(alerts), marker="v", markersize=10, color=INK, **marks)
    axes.plot(acted, [1.38] * len(acted), marker="D", markersize=9, color=GUARDED_COLOUR, **marks)


def _draw_risk(axes: Any, recording: Recording, time: _Time, spans: Sequence[Span]) -> None:
    panel(axes, "Risk ratio: 100 % is liquidation")
    tint(axes, spans)
    axes.axhline(100, color=UNGUARDED_COLOUR, linewidth=1.5, linestyle=(0, (2, 2)))
    axes.set_ylim(0, 112)
    _draw_account(axes, recording, time, lambda sight: min(100.0, 100 * (sight.risk_ratio or 0.0)), dead_y=100.0)
    _label_accounts(axes, recording, time, lambda sight: 100 * (sight.risk_ratio or 0.0), "{:.0f} %", dead=False)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")


def _draw_equity(axes: Any, recording: Recording, time: _Time, spans: Sequence[Span]) -> None:
    panel(axes, "Equity, USDT")
    tint(axes, spans)
    _draw_account(axes, recording, time, lambda sight: sight.equity, dead_y=None)
    axes.set_ylim(0, None)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value / 1000:,.0f} k" if value else "0")
    _mark_actions(axes, recording, time)
    _label_accounts(axes, recording, time, lambda sight: sight.equity / 1000, "{:,.0f} k", scale=1000, dead=True)


def _label_accounts(
    axes: Any,
    recording: Recording,
    time: _Time,
    value: Callable[[Sight], float],
    form: str,
    *,
    dead: bool,
    scale: float = 1.0,
) -> None:
    """Names and last values at the ends of both lines; one label where they end alike; the dead one only if asked."""
    last = recording.moments[-1]
    shown = [
        (value(sight), who, colour)
        for sight, who, colour in (
            (last.guarded, "guarded", GUARDED_COLOUR),
            (last.unguarded, "unguarded", UNGUARDED_COLOUR),
        )
        if dead or sight.liquidated_s is None
    ]
    if len(shown) == 2 and form.format(shown[0][0]) == form.format(shown[1][0]):
        shown = [(shown[0][0], "both", INK)]
    ends = [(number * scale, f"{who}\n{form.format(number)}", colour) for number, who, colour in shown]
    _label_ends(axes, time.of(last.scene_s), ends)


def _draw_account(
    axes: Any, recording: Recording, time: _Time, value: Callable[[Sight], float], *, dead_y: float | None
) -> None:
    """Both accounts as lines: the unguarded one dashed, on top where they run together; a cross where one ends."""
    xs = [time.of(moment.scene_s) for moment in recording.moments]
    for who, colour, style, width in (
        ("guarded", GUARDED_COLOUR, "-", 3.2),
        ("unguarded", UNGUARDED_COLOUR, (0, (3, 1.6)), 2.2),
    ):
        sights = recording.sights("guarded" if who == "guarded" else "unguarded")
        alive = [(x, value(sight)) for x, sight in zip(xs, sights, strict=True) if sight.liquidated_s is None]
        axes.plot([x for x, _ in alive], [y for _, y in alive], color=colour, linestyle=style, linewidth=width)
        died_s = sights[-1].liquidated_s
        if died_s is None:
            continue
        died, end = time.of(died_s), value(sights[-1]) if dead_y is None else dead_y
        axes.plot([alive[-1][0], died], [alive[-1][1], end], color=colour, linestyle=style, linewidth=width)
        axes.plot(
            [died], [end], marker="X", markersize=15, color=colour, markeredgecolor=GROUND, clip_on=False, zorder=6
        )
        if dead_y is None:
            axes.plot([died, xs[-1]], [end, end], color=colour, linewidth=width, alpha=0.35)
        else:
            axes.annotate(
                f"{who}:\nliquidated",
                (died, end),
                xytext=(12, -22) if died < 0.6 * xs[-1] else (-14, -6),
                ha="left" if died < 0.6 * xs[-1] else "right",
                textcoords="offset points",
                fontsize=12,
                fontweight="bold",
                color=colour,
                va="top",
            )


def _mark_actions(axes: Any, recording: Recording, time: _Time) -> None:
    """A diamond on the guarded line at each moment of action, with what was done at the first."""
    filled = [done for done in recording.done if done.contracts > 0]
    if not filled:
        return
    moments = recording.moments
    points = []
    for done in filled:
        after = next((moment for moment in moments if moment.scene_s >= done.scene_s), moments[-1])
        points.append((time.of(done.scene_s), after.guarded.equity))
    axes.plot(
        *zip(*points, strict=True),
        marker="D",
        markersize=9,
        linestyle="none",
        color=GUARDED_COLOUR,
        markeredgecolor=GROUND,
        zorder=6,
    )
    first = [
        done for done in filled if done.scene_s - filled[0].scene_s < 0.02 * (moments[-1].scene_s - moments[0].scene_s)
    ]
    text = "guard closes\n" + "\n".join(f"{amount:,.4g} {base} {leg}" for (base, leg), amount in _sums(first).items())
    axes.annotate(
        text,
        points[0],
        xytext=(14, 30),
        textcoords="offset points",
        fontsize=11.5,
        fontweight="bold",
        color=GUARDED_COLOUR,
        arrowprops={"arrowstyle": "-", "color": FAINT},
    )


def _sums(orders: Sequence[Done]) -> dict[tuple[str, str], float]:
    """Filled contracts by coin and leg."""
    sums: dict[tuple[str, str], float] = {}
    for order in orders:
        sums[order.base, order.leg] = sums.get((order.base, order.leg), 0.0) + order.contracts
    return sums
