"""`docs/margin-rules.md` against the program: every model has a section, every section a model, every case is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guard.risk.rules import MODELS, RULES
from guard.risk.rules.rule import ORDER_PARAMETERS

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "margin-rules.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("`\n")[0]: part.partition("`\n")[2] for part in TEXT.split("\n## `")[1:]}
LABELS = ("Source", "Version", "Cases", "Confidence", "Known limits", "Book file")


def test_a_section_for_every_model_and_no_other() -> None:
    """In the order in which the program lists them."""
    assert tuple(SECTIONS) == MODELS


def test_overview_has_every_model() -> None:
    """One row each."""
    overview = TEXT.partition("## Overview")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| `([^`]+)` \|", overview, re.MULTILINE)) == MODELS


@pytest.mark.parametrize("model", MODELS)
def test_section_is_complete(model: str) -> None:
    """A formula, and each of the labelled lines."""
    section = SECTIONS[model]
    assert "```text\n" in section
    for label in LABELS:
        assert f"- **{label}**: " in section, label


@pytest.mark.parametrize("model", MODELS)
def test_cases_exist(model: str) -> None:
    """Each file named is there, and there is at least one."""
    named = re.findall(r"`((?:tests|docs)/[^`]+)`", SECTIONS[model])
    assert named
    for path in named:
        assert (ROOT / path).is_file(), path


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_named(model: str) -> None:
    """Every key that a book may carry under the rule stands in its section; orders' keys too, where it has them."""
    inputs = SECTIONS[model].partition("- **Book file**: ")[2]
    for field in RULES[model].parameters:
        assert f"`{field.name}`" in inputs, field.name
    if not RULES[model].parameters:
        assert not any(f"`{field.name}`" in inputs for field in ORDER_PARAMETERS)


def test_every_case_file_is_named() -> None:
    """A case that no document names is found by nobody."""
    texts = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "docs").glob("*.md"))
    for file in (ROOT / "docs" / "cases").iterdir():
        assert f"docs/cases/{file.name}" in texts, file.name
