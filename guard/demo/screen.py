"""What the terminal shows while the story runs: a live panel with chat bubbles on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.box import ROUNDED
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from guard.demo.phone import Received
from guard.demo.scenes import Pace
from guard.demo.stage import GUARDED, UNGUARDED, Moment, Sight
from guard.language.speech import ENGLISH
from guard.risk.zones import Zone

BUBBLE_WIDTH = 88
BAR_WIDTH = 20
# Lines of prices in a whole run, where there is no terminal to draw on.
STATUS_LINES = 9

ZONE_STYLE = {
    Zone.SAFE: "green",
    Zone.WATCH: "yellow",
    Zone.WARNING: "dark_orange",
    Zone.DANGER: "red",
    Zone.LIQUIDATION: "bold white on red",
    Zone.UNKNOWN: "bold black on white",
}
_MARK_STYLE = {"🟢": "green", "🟡": "yellow", "🟠": "dark_orange", "🔴": "red", "🆘": "bold red", "⚫": "white"}


class Screen(Protocol):
    """Where the story is told. Used as a context: what it draws is gone or complete at the end."""

    def __enter__(self) -> Self:
        """Begin to draw."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        ...

    def note(self, text: str) -> None:
        """One line of progress."""
        ...

    def moment(self, moment: Moment, zone: Zone | None) -> None:
        """The state now; `zone` is what the guard says of its account, None before its first reading."""
        ...

    def message(self, message: Received) -> None:
        """A message on the person's phone."""
        ...

    def written(self, text: str) -> None:
        """What the person writes to the bot."""
        ...


def screen_on(console: Console | None, pace: Pace) -> Screen:
    """The screen that fits: none without a console, a live one on a terminal, lines elsewhere."""
    if console is None:
        return SilentScreen()
    return LiveScreen(console, pace) if console.is_terminal else LineScreen(console, pace)


class SilentScreen:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to undo."""

    def note(self, text: str) -> None:
        """Nothing."""

    def moment(self, moment: Moment, zone: Zone | None) -> None:
        """Nothing."""

    def message(self, message: Received) -> None:
        """Nothing."""

    def written(self, text: str) -> None:
        """Nothing."""


class LineScreen(SilentScreen):
    """Plain lines: messages whole, prices now and then."""

    def __init__(self, console: Console, pace: Pace) -> None:
        self._console = console
        self._pace = pace
        self._next_s = float(pace.scene.begin_s)
        self._start: Moment | None = None

    def note(self, text: str) -> None:
        """A line of its own."""
        self._say(text)

    def moment(self, moment: Moment, zone: Zone | None) -> None:
        """A line when its time has come."""
        self._start = self._start or moment
        if moment.scene_s < self._next_s:
            return
        self._next_s = moment.scene_s + (self._pace.scene.end_s - self._pace.scene.begin_s) / STATUS_LINES
        accounts = f"{GUARDED}: {state_words(moment.guarded, zone)}; {UNGUARDED}: {state_words(moment.unguarded)}"
        self._say(f"{clock_words(moment, self._pace)}  {price_words(moment, self._start)}")
        self._say(f"        {accounts}")

    def message(self, message: Received) -> None:
        """The text, marked as the chat's."""
        self._say("\n".join(f"    chat | {line}" for line in message.text.splitlines()))

    def written(self, text: str) -> None:
        """The person's text, marked as theirs."""
        self._say(f"    chat | you: {text}")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveScreen(SilentScreen):
    """Chat bubbles that scroll, above a panel that stays."""

    def __init__(self, console: Console, pace: Pace) -> None:
        self._console = console
        self._pace = pace
        self._start: Moment | None = None
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the panel away."""
        self._live.stop()

    def note(self, text: str) -> None:
        """A line above the panel."""
        self._live.console.print(Text(text, style="dim"))

    def moment(self, moment: Moment, zone: Zone | None) -> None:
        """Draw the panel anew."""
        self._start = self._start or moment
        self._live.update(state_panel(moment, self._start, zone, self._pace), refresh=True)

    def message(self, message: Received) -> None:
        """A bubble on the left, as the bot's messages stand in a chat."""
        first, _, rest = message.text.partition("\n")
        style = next((style for mark, style in _MARK_STYLE.items() if first.startswith(mark)), "cyan")
        text = Text(first, style="bold")
        text.append(f"\n{rest}" if rest else "", style="not bold")
        at = f"{message.at:%H:%M:%S} UTC"
        bubble = Panel(text, box=ROUNDED, border_style=style, title="guard bot", title_align="left", subtitle=at)
        bubble.subtitle_align = "right"
        bubble.width = min(BUBBLE_WIDTH, self._console.width)
        self._live.console.print(bubble)

    def written(self, text: str) -> None:
        """A small bubble on the right."""
        width = len(text) + 8
        bubble = Panel(Text(text), box=ROUNDED, border_style="blue", title="you", title_align="right", width=width)
        indent = max(0, min(BUBBLE_WIDTH, self._console.width) - width)
        self._live.console.print(Padding(bubble, (0, 0, 0, indent)))


def state_panel(moment: Moment, start: Moment, zone: Zone | None, pace: Pace) -> RenderableType:
    """Time, prices and both accounts."""
    scene = pace.scene
    done = ProgressBar(total=scene.end_s - scene.begin_s, completed=moment.scene_s - scene.begin_s, width=BAR_WIDTH)
    head = Table.grid(padding=(0, 2))
    head.add_row(Text(f"{clock_words(moment, pace)}", style="bold"), done, Text(scale_words(pace), style="dim"))
    accounts = Table.grid(padding=(0, 2))
    for _ in range(6):
        accounts.add_column(no_wrap=True)
    _account_row(accounts, GUARDED, moment.guarded, zone)
    _account_row(accounts, UNGUARDED, moment.unguarded, moment.unguarded.zone)
    body = Group(head, Text(price_words(moment, start)), accounts)
    return Panel(body, box=ROUNDED, title=f"{scene.name}", title_align="left", border_style="dim")


def _account_row(table: Table, name: str, sight: Sight, zone: Zone | None) -> None:
    dead = sight.liquidated_s is not None
    share = 1.0 if dead else min(1.0, sight.risk_ratio or 0.0)
    style = "red" if dead else ZONE_STYLE[zone or Zone.SAFE]
    bar = ProgressBar(total=1.0, completed=share, width=BAR_WIDTH, complete_style=style, finished_style=style)
    state = Text("LIQUIDATED", style="bold white on red") if dead else Text((zone or Zone.SAFE).upper(), style=style)
    risk = "" if dead else f"risk ratio {ENGLISH.percent(sight.risk_ratio or 0.0)}"
    table.add_row(Text(name, style="bold"), state, bar, risk, _room(sight), f"{sight.equity:,.0f} USDT")


def _room(sight: Sight) -> str:
    """How far all prices may move together before the account dies."""
    if sight.liquidated_s is not None:
        return ""
    return "no distance to watch" if sight.distance is None else f"distance {ENGLISH.percent(sight.distance)}"


def state_words(sight: Sight, zone: Zone | None = None) -> str:
    """An account in a few words: zone, risk ratio, distance, equity."""
    if sight.liquidated_s is not None:
        return f"LIQUIDATED, {sight.equity:,.0f} USDT left"
    known = (zone or sight.zone).upper()
    ratio = ENGLISH.percent(sight.risk_ratio or 0.0)
    return f"{known}, risk ratio {ratio}, {_room(sight)}, equity {sight.equity:,.0f} USDT"


def price_words(moment: Moment, start: Moment) -> str:
    """`BTC 34,120 USDT (-21.6 %)   ETH ...`."""
    words = []
    for symbol, mark in moment.marks.items():
        change = (mark / start.marks[symbol] - 1) * 100
        words.append(f"{symbol.removesuffix('USDT')} {ENGLISH.amount(mark)} USDT ({change:+.1f} %)")
    return "   ".join(words)


def clock_words(moment: Moment, pace: Pace) -> str:
    """The scene's time: `+1 h 5 min`."""
    return f"+{ENGLISH.duration(max(0.0, moment.scene_s - pace.scene.begin_s))}"


def scale_words(pace: Pace) -> str:
    """How much faster than life it goes: `1 s here is 2.2 min there (x 130)`."""
    speed = pace.speed
    there = f"{speed:.0f} s" if speed < 100 else f"{speed / 60:.1f} min" if speed < 3600 else f"{speed / 3600:.1f} h"
    return f"1 s here is {there} there (x {speed:,.0f})"
