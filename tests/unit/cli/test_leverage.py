"""`guard leverage`: from drawdown and move, and from a book with a move or with recorded prices."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from guard.cli.fraction import read_fraction
from guard.ports.errors import InputError

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
Run = Callable[..., tuple[int, str, str]]
Write = Callable[[dict[str, Any]], Path]
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("drawdown", "move"), [("10%", "3%"), ("0.1", "0.03"), ("10 %", ".03"), ("+10.0%", "3.%")], ids=str
)
def test_drawdown_over_move(guard: Run, drawdown: str, move: str) -> None:
    """10 % / 3 % = 3.33, typed as percent or as a fraction; only the general range holds it."""
    code, out, _ = guard("leverage", "--drawdown", drawdown, "--move", move, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["optimal"] == pytest.approx(10 / 3, rel=1e-12)
    assert {row["style"]: (row["low"], row["high"]) for row in answer["styles"]} == {
        "general": (2, 4), "swing": (1, 2), "scalping": (5, 10), "long-term": (1, 1),
    }  # fmt: skip
    assert [row["style"] for row in answer["styles"] if row["fits"]] == ["general"]


def test_table_has_units(guard: Run) -> None:
    """The answer first, then the ranges."""
    code, out, _ = guard("leverage", "--drawdown", "10%", "--move", "3%")
    assert code == 0
    assert out.startswith("3.33 x loses at most 10.00 % of the account in a move of 3.00 %\n")
    assert "scalping (experienced only)" in out
    assert "5 to 10 x" in out


BAD = [
    (["--drawdown", "10", "--move", "3%"], "--drawdown was 10, must be a percentage such as 10%"),
    (["--drawdown", "ten", "--move", "3%"], "--drawdown was ten, must be"),
    (["--drawdown", "10%", "--move", "0%"], "move was 0, must be"),
    (["--drawdown", "10%", "--move", "-3%"], "move was -0.03, must be"),
    (["--drawdown", "101%", "--move", "3%"], "drawdown was 1.01, must be above 0 and at most 1"),
    (["--drawdown", "0", "--move", "3%"], "drawdown was 0, must be"),
    (["--drawdown", "nan", "--move", "3%"], "--drawdown was nan"),
    (["--drawdown", "1e-1", "--move", "3%"], "--drawdown was 1e-1"),
    (["--drawdown", "\u0661\u0660%", "--move", "3%"], "--drawdown was \\u0661"),
    (["--drawdown", "10%"], "give --drawdown and --move, or a BOOK"),
    ([], "give --drawdown and --move, or a BOOK"),
    (["--drawdown", "10%", "--move", "3%", "--prices", "."], "give --drawdown and --move, or a BOOK"),
    (["BOOK", "--move", "3%", "--prices", "."], "BOOK: cannot be read"),
    (["no-such-book.json", "--move", "3%"], "no-such-book.json: cannot be read"),
]


@pytest.mark.parametrize(("words", "expected"), BAD, ids=[" ".join(row[0]) or "nothing" for row in BAD])
def test_bad_input_is_one_line(guard: Run, words: list[str], expected: str) -> None:
    """What was wrong and what it must be; exit 2."""
    code, out, err = guard("leverage", *words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert expected in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("text", ["1", "-1", "100%", "0.5", "-250 %"])
def test_fractions_in_reach(text: str) -> None:
    """A bare number up to 1 is a fraction; a percentage may be larger."""
    assert read_fraction(text, "x") == float(text.rstrip("% ")) / (100 if "%" in text else 1)


@pytest.mark.parametrize("text", ["", "%", "1.1", "-3", "1,5%", "5%%", "0x1", "9" * 400, "5% 6%"])
def test_fractions_out_of_reach(text: str) -> None:
    """Anything that could be meant in two ways is refused."""
    with pytest.raises(InputError, match=r"must be a percentage such as 10% or a fraction such as 0\.1"):
        read_fraction(text, "x")


def test_book_with_a_move(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """Effective leverage 5; 10 % over a move of 4 % is 2.5: half of the book is too much."""
    code, out, _ = guard("leverage", write(pair), "--move", "4%", "--json")
    answer = json.loads(out)
    assert code == 0
    assert (answer["drawdown"], answer["basis"]) == (0.1, "given")
    (pool,) = answer["pools"]
    assert (pool["effective"], pool["optimal"], pool["reduce_by"]) == pytest.approx((5, 2.5, 0.5))
    assert (answer["effective"], answer["optimal"], answer["move"]) == pytest.approx((5, 2.5, 0.04))


def test_book_alone_takes_the_shocks_of_stress(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """Two longs fall by 12 % together; against each other, the worse of both alone is half of that."""
    _, out, _ = guard("leverage", write(pair), "--json")
    answer = json.loads(out)
    assert answer["basis"] == "stress"
    assert (answer["move"], answer["optimal"]) == pytest.approx((0.12, 0.1 / 0.12))
    pair["positions"][1]["side"] = "short"
    _, out, _ = guard("leverage", write(pair), "--json")
    assert json.loads(out)["move"] == pytest.approx(0.06)
    _, out, _ = guard("leverage", write(pair))
    assert "the shock of stress" in out


def test_the_tightest_pool_stands_on_top(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """An isolated leg is a pool of its own; the answer is that of the pool that uses most of what fits."""
    pair["positions"][1] |= {"margin_mode": "isolated", "isolated_margin": 500}
    code, out, err = guard("leverage", write(pair), "--move", "4%", "--json")
    answer = json.loads(out)
    assert code == 0, err
    assert [(pool["symbol"], pool["effective"]) for pool in answer["pools"]] == [(None, 2.5), (ETH, 50)]
    assert answer["effective"] == 50
    _, out, _ = guard("leverage", write(pair), "--move", "4%")
    assert f"USDT, isolated {ETH}" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--move", "4%", "--prices", "."], "--move and --prices exclude each other"),
        (["--deviations", "0"], "--deviations was 0, must be above 0"),
        (["--deviations", "nan"], "--deviations was nan"),
        (["--move", "0%"], "move was 0, must be"),
    ],
)
def test_bad_options_beside_a_book(
    guard: Run, pair: dict[str, Any], write: Write, words: list[str], expected: str
) -> None:
    """One line, exit 2."""
    code, out, err = guard("leverage", write(pair), *words)
    assert (code, out) == (2, "")
    assert expected in err
    assert err.count("\n") == 1


def test_effective_leverage_moves_with_pnl(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """A loss of 5,000 leaves 45,000 behind 5,000: 9 x, without a trade."""
    for leg in pair["positions"]:
        leg["mark_price"] = leg["entry_price"] * 0.9
    _, out, _ = guard("leverage", write(pair), "--move", "4%", "--json")
    assert json.loads(out)["effective"] == pytest.approx(9)


def test_no_equity_left(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """There is no leverage to speak of, and nothing is called 0."""
    pair["collateral"][0]["balance"] = -1
    code, out, _ = guard("leverage", write(pair), "--move", "4%")
    assert code == 0
    assert "no equity left" in out
    _, out, _ = guard("leverage", write(pair), "--move", "4%", "--json")
    pool = json.loads(out)["pools"][0]
    assert (pool["effective"], pool["reduce_by"]) == (None, None)


def test_empty_book(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """No positions, no leverage."""
    code, _, err = guard("leverage", write({**pair, "positions": []}), "--move", "4%")
    assert code == 2
    assert "positions is empty" in err


def record(directory: Path, base: str, closes: Sequence[float], times: Sequence[int] | None = None) -> None:
    """Write hourly closes as a file of prices."""
    stamps = range(len(closes)) if times is None else times
    rows = [f"{at * HOUR_MS},{close},{close},{close},{close},1\n" for at, close in zip(stamps, closes, strict=True)]
    text = "timestamp_ms,open,high,low,close,volume\n" + "".join(rows)
    (directory / f"{base}USDT.csv").write_text(text, encoding="utf-8")


def zigzag(step: float, bars: int = 49) -> list[float]:
    """Closes that rise and fall by the same factor in turn."""
    closes = [100.0]
    for bar in range(bars - 1):
        closes.append(closes[-1] * (1 + step) ** (1 if bar % 2 == 0 else -1))
    return closes


def test_volatility_of_the_book(guard: Run, pair: dict[str, Any], write: Write, tmp_path: Path) -> None:
    """Two longs that move together move by 1 % an hour: 4.95 % a day, of which 3 are the assumed move."""
    record(tmp_path, "BTC", zigzag(0.01))
    record(tmp_path, "ETH", zigzag(0.01))
    code, out, err = guard("leverage", write(pair), "--prices", tmp_path, "--json")
    answer = json.loads(out)
    assert code == 0, err
    # 24 returns of +1 % and 24 of -0.990099 %: deviation of the sample, times the root of 24 hours
    deviation = (0.01 + 0.01 / 1.01) / 2 * math.sqrt(48 / 47)
    volatility = deviation * math.sqrt(24)
    assert answer["pools"][0]["daily_volatility"] == pytest.approx(volatility, rel=1e-9)
    assert answer["move"] == pytest.approx(3 * volatility, rel=1e-9)
    assert answer["optimal"] == pytest.approx(0.1 / (3 * volatility), rel=1e-9)
    assert (answer["basis"], answer["returns"], answer["hours_per_bar"]) == ("prices", 48, 1)
    _, table, _ = guard("leverage", write(pair), "--prices", tmp_path, "--deviations", "2")
    assert "2 daily deviations of the book, from 48 returns of 1 h each" in table


def test_opposite_legs_lower_it(guard: Run, pair: dict[str, Any], write: Write, tmp_path: Path) -> None:
    """A long and a short that move together do not move at all: nothing limits the leverage by this measure."""
    record(tmp_path, "BTC", zigzag(0.01))
    record(tmp_path, "ETH", zigzag(0.01))
    pair["positions"][1]["side"] = "short"
    code, out, err = guard("leverage", write(pair), "--prices", tmp_path, "--json")
    answer = json.loads(out)
    assert code == 0, err
    assert (answer["move"], answer["optimal"]) == (0, None)
    code, out, _ = guard("leverage", write(pair), "--prices", tmp_path)
    assert code == 0
    assert "no limit" in out


def test_only_shared_bars_without_gaps_count(guard: Run, pair: dict[str, Any], write: Write, tmp_path: Path) -> None:
    """A jump across a gap, and bars that one asset lacks, are no moves of an hour."""
    calm = zigzag(0.01, 60)
    times = [*range(30), *range(40, 70)]  # ten hours are missing
    jumped = [*calm[:30], *(close * 3 for close in calm[30:])]
    record(tmp_path, "BTC", jumped, times)
    record(tmp_path, "ETH", zigzag(0.01, 80))
    code, out, err = guard("leverage", write(pair), "--prices", tmp_path, "--json")
    answer = json.loads(out)
    assert code == 0, err
    assert answer["returns"] == 58
    assert answer["pools"][0]["daily_volatility"] < 0.06


FILES = [
    ("close\n1\n", "BTCUSDT.csv: has no column timestamp_ms"),
    ("timestamp_ms,close\n1,0\n", "BTCUSDT.csv: line 2: close was 0, must be > 0"),
    ("timestamp_ms,close\n1,inf\n", "BTCUSDT.csv: line 2: close was inf, must be > 0"),
    ("timestamp_ms,close\n1,x\n", "BTCUSDT.csv: line 2: timestamp_ms and close must be numbers"),
    ("timestamp_ms,close\n1\n", "BTCUSDT.csv: line 2: timestamp_ms and close must be numbers"),
    ("timestamp_ms,close\n2,1\n1,1\n", "BTCUSDT.csv: line 3: timestamp_ms was 1, must rise"),
    ("timestamp_ms,close\n1,1\n2,1\n", "BTC, ETH share 1 returns, at least 24 are needed"),
    ("", "BTCUSDT.csv: has no column timestamp_ms"),
]


@pytest.mark.parametrize(("text", "expected"), FILES, ids=[row[1][:50] for row in FILES])
def test_damaged_prices(
    guard: Run, pair: dict[str, Any], write: Write, tmp_path: Path, text: str, expected: str
) -> None:
    """Which file, which line, what it must be; never a figure from half a file."""
    (tmp_path / "BTCUSDT.csv").write_text(text, encoding="utf-8")
    (tmp_path / "ETHUSDT.csv").write_text("timestamp_ms,close\n1,1\n2,1\n", encoding="utf-8")
    code, out, err = guard("leverage", write(pair), "--prices", tmp_path)
    assert (code, out) == (2, "")
    assert expected in err
    assert err.count("\n") == 1


def test_missing_and_binary_prices(guard: Run, pair: dict[str, Any], write: Write, tmp_path: Path) -> None:
    """A held asset without prices is not left out."""
    record(tmp_path, "BTC", zigzag(0.01))
    code, _, err = guard("leverage", write(pair), "--prices", tmp_path)
    assert code == 2
    assert "ETHUSDT.csv: cannot be read" in err
    (tmp_path / "ETHUSDT.csv").write_bytes(b"\xff\xfe\x00")
    code, _, err = guard("leverage", write(pair), "--prices", tmp_path)
    assert code == 2
    assert "ETHUSDT.csv: is not a CSV file" in err
