"""What people type on a phone, read."""

from __future__ import annotations

import pytest

from guard.bot.typed import Size, read_amount, read_move, read_moves, read_share, read_size, words_of


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("BTC -8% ETH -12%", ["BTC", "-8%", "ETH", "-12%"]),
        ("BTC - 8 %", ["BTC", "-8%"]),
        ("ＢＴＣ　−８％", ["BTC", "-8%"]),  # noqa: RUF001  # what a Japanese keyboard gives
        ("\u30fc\uff18\uff05 \uff11\uff10\u30fc", ["-8%", "10\u30fc"]),  # the long vowel beside its digits
        ("\u30c7\u30fc\u30bf\u30fc1", ["\u30c7\u30fc\u30bf\u30fc1"]),  # a name
        ("  main   -10 %", ["main", "-10%"]),
        ("a - b", ["a", "-", "b"]),
    ],
)
def test_words_are_as_every_keyboard_has_them(typed: str, words: list[str]) -> None:
    """Full-width letters, other minuses, and spaces inside a number."""
    assert words_of(typed) == words


@pytest.mark.parametrize(
    ("word", "move"),
    [("-8%", -0.08), ("+5%", 0.05), ("5.5%", 0.055), ("1,000%", 10.0), ("-99%", -0.99)]
    + [(bad, None) for bad in ("-8", "0.1", "8", "%", "-100%", "-250%", "1001%", "x%", "--8%", "nan%", "1e3%", "")],
)
def test_a_move_needs_its_percent_sign(word: str, move: float | None) -> None:
    """Nothing is guessed; a loss of everything is none."""
    assert read_move(word) == (None if move is None else pytest.approx(move))


@pytest.mark.parametrize(("word", "share"), [("25%", 0.25), ("100%", 1.0), ("0%", None), ("-5%", None), ("101%", None)])
def test_a_share_is_above_nothing_and_at_most_all(word: str, share: float | None) -> None:
    """Of a position or of an account."""
    assert read_share(word) == share


@pytest.mark.parametrize(
    ("word", "amount"),
    [("57000", 57_000.0), ("57,000.5", 57_000.5), (".5", 0.5), ("+3", 3.0)]
    + [(bad, None) for bad in ("0", "-1", "5,7000", "5.7.0", "1e9", "inf", "", "²", "9" * 400)],
)
def test_amounts_are_plain_positive_numbers(word: str, amount: float | None) -> None:
    """Thousands may be set off by commas, in threes only."""
    assert read_amount(word) == amount


@pytest.mark.parametrize(
    ("words", "size"),
    [
        (["25%"], Size(0.25, "%")),
        (["0.5"], Size(0.5)),
        (["0.5", "btc"], Size(0.5, "BTC")),
        (["5,000usdt"], Size(5000.0, "USDT")),
        (["3", "contracts"], Size(3.0)),
        (["all"], Size(1.0, "%")),
        ([], None),
        (["0"], None),
        (["-5"], None),
        (["half"], None),
        (["1", "2", "3"], None),
    ],
)
def test_sizes_have_their_unit(words: list[str], size: Size | None) -> None:
    """Share, contracts, or an amount of an asset."""
    assert read_size(words) == size


@pytest.mark.parametrize(
    ("typed", "moves"),
    [
        ("-10%", {"ALL": -0.1}),
        ("BTC -8% ETH -12%", {"BTC": -0.08, "ETH": -0.12}),
        ("BTC=-8% eth:+2%", {"BTC": -0.08, "eth": 0.02}),
        ("btc-8%", {"btc": -0.08}),
        ("BTC10% 1000PEPE-5%", {"BTC": 0.1, "1000PEPE": -0.05}),
    ],
)
def test_scenarios_are_pairs_of_asset_and_move(typed: str, moves: dict[str, float]) -> None:
    """A move alone is that of everything."""
    found = read_moves(words_of(typed))
    assert not isinstance(found, str)
    assert dict(found) == pytest.approx(moves)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("BTC", "BTC"),
        ("BTC -8% ETH", "ETH"),
        ("BTC ETH -8%", "BTC"),
        ("BTC -8", "-8"),
        ("-100%", "-100%"),
        ("BTC -100%", "-100%"),
    ],
)
def test_scenarios_name_what_is_not_understood(typed: str, word: str) -> None:
    """The first word that does not fit."""
    assert read_moves(words_of(typed)) == word
