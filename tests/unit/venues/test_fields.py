"""Reading fields: what is missing is never 0."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues import fields

WHERE = "binanceusdm GET fapi/v3/account"
MISSING: list[Any] = [{}, {"x": None}, {"x": ""}]


@pytest.mark.parametrize("raw", ["1.5", "1.50000000", 1.5])
def test_numbers_and_decimal_strings_are_numbers(raw: object) -> None:
    """The venue writes both."""
    assert fields.number({"x": raw}, "x", WHERE) == 1.5


@pytest.mark.parametrize("row", MISSING)
def test_a_required_field_that_is_missing_is_named(row: dict[str, Any]) -> None:
    """Absent, null and empty are missing, whatever the reader; the message names request, row and field."""
    for read in (fields.number, fields.positive, fields.decimal, fields.text, fields.flag):
        with pytest.raises(BadAnswer, match=r"binanceusdm GET fapi/v3/account: BTCUSDT has no x"):
            read({"symbol": "BTCUSDT", **row}, "x", WHERE)


@pytest.mark.parametrize("row", MISSING)
def test_an_optional_field_that_is_missing_is_none(row: dict[str, Any]) -> None:
    """None, never 0 or False."""
    assert fields.optional_number(row, "x", WHERE) is None
    assert fields.optional_flag(row, "x", WHERE) is None
    assert fields.optional_text(row, "x") is None


@pytest.mark.parametrize(
    "raw", ["abc", "1,5", "nan", "inf", "-inf", float("nan"), float("inf"), True, False, [], {}, "1.2.3"]
)
def test_what_is_no_finite_number_is_refused(raw: object) -> None:
    """Text, NaN, infinities and truth values are no numbers, required or optional."""
    for read in (fields.number, fields.optional_number, fields.positive):
        with pytest.raises(BadAnswer, match="x of the answer was"):
            read({"x": raw}, "x", WHERE)


@pytest.mark.parametrize("raw", ["nan", "Infinity", "x", True, 1.5, []])
def test_what_is_no_exact_decimal_is_refused(raw: object) -> None:
    """Exact figures come as strings or whole numbers."""
    with pytest.raises(BadAnswer, match="x of the answer was"):
        fields.decimal({"x": raw}, "x", WHERE)


def test_decimals_are_exact() -> None:
    """No float in between."""
    assert fields.decimal({"x": "0.1000"}, "x", WHERE) == Decimal("0.1000")
    assert fields.decimal({"x": 5}, "x", WHERE) == Decimal(5)


@pytest.mark.parametrize("raw", ["0", 0, "-1"])
def test_a_positive_number_is_above_zero(raw: object) -> None:
    """A price of 0 is no price."""
    assert fields.number({"x": raw}, "x", WHERE) <= 0
    with pytest.raises(BadAnswer, match="x of the answer was"):
        fields.positive({"x": raw}, "x", WHERE)


@pytest.mark.parametrize(("raw", "expected"), [(True, True), (False, False), ("true", True), ("false", False)])
def test_flags_come_as_words_too(raw: object, expected: object) -> None:
    """Some endpoints write "true"."""
    assert fields.flag({"x": raw}, "x", WHERE) is expected
    assert fields.optional_flag({"x": raw}, "x", WHERE) is expected


@pytest.mark.parametrize("raw", [1, 0, "yes", []])
def test_other_words_are_no_flags(raw: object) -> None:
    """1 is not true."""
    with pytest.raises(BadAnswer, match="x of the answer was"):
        fields.flag({"x": raw}, "x", WHERE)


def test_identifiers_may_be_numbers() -> None:
    """Order ids are."""
    assert fields.text({"x": 12}, "x", WHERE) == "12"
    with pytest.raises(BadAnswer, match="x of the answer was True"):
        fields.text({"x": True}, "x", WHERE)


@pytest.mark.parametrize("answer", [None, [], "text", 3])
def test_a_record_is_an_object(answer: object) -> None:
    """Anything else is not understood, and shown shortened."""
    with pytest.raises(BadAnswer, match="not an object"):
        fields.record(answer, WHERE)


@pytest.mark.parametrize("answer", [None, {}, "x" * 500, [1]])
def test_rows_are_a_list_of_objects(answer: object) -> None:
    """A list with something else in it is not understood either."""
    with pytest.raises(BadAnswer, match="not a") as caught:
        fields.rows(answer, WHERE)
    assert len(str(caught.value)) < 200


def test_exact_numbers_may_come_as_json_numbers() -> None:
    """Their shortest text is what the venue wrote; a whole word of one keeps all its digits."""
    said = [fields.exact({"x": raw}, "x", WHERE) for raw in (0.1, 1e-7, "0.10", 3)]
    assert [format(value, "f") for value in said] == ["0.1", "0.0000001", "0.10", "3"]
    for raw in (float("nan"), float("inf"), None, "", True, "1,5"):
        with pytest.raises(BadAnswer):
            fields.exact({"x": raw}, "x", WHERE)


def test_exact_numbers_above_zero() -> None:
    """As written; 0, less and JSON numbers with a point are refused with the field's name."""
    assert fields.positive_decimal({"x": "0.10"}, "x", WHERE) == Decimal("0.10")
    for raw in ("0", "-1", 0.5, None):
        with pytest.raises(BadAnswer, match=" x"):
            fields.positive_decimal({"x": raw}, "x", WHERE)


def test_a_zero_may_stand_for_nothing() -> None:
    """Some venues write 0 where they have no price."""
    rows: list[dict[str, Any]] = [*MISSING, {"x": "0"}, {"x": -1}]
    assert [fields.above_zero(row, "x", WHERE) for row in rows] == [None] * len(rows)
    assert fields.above_zero({"x": "2.5"}, "x", WHERE) == 2.5
    with pytest.raises(BadAnswer):
        fields.above_zero({"x": "none"}, "x", WHERE)
