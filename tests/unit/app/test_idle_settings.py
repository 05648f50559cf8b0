"""Keys that change nothing are told: by the check of the configuration, and by the doctor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guard.app.idle_settings import idle_lines
from guard.app.settings_file import load_settings
from guard.cli.service import config_check

BETAS = "betas = { BTC = 1.0, ETH = 1.2 }\n"
MONEY = "transferable = { USDT = 5000 }\n"
HEDGE, TRANSFER = 'remedies = ["reduce", "hedge"]\n', 'remedies = ["reduce", "transfer"]\n'
NO_HEDGE = 'protect.betas has no effect: "hedge" is not among {0}protect.remedies'
NO_TRANSFER = 'protect.transferable has no effect: "transfer" is not among {0}protect.remedies'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        (f"[protect]\n{BETAS}{HEDGE}", ()),
        (f"[protect]\n{MONEY}{TRANSFER}", ()),
        (f"[protect]\n{BETAS}{MONEY}", (NO_HEDGE.format(""), NO_TRANSFER.format(""))),
        # An account that takes the remedy away, or over what is general, is told nothing of its own.
        (f"[protect]\n{BETAS}{HEDGE}[accounts.main.protect]\nremedies = []\n", ()),
        (f"[protect]\n{BETAS}[accounts.main.protect]\nremedies = []\n", (NO_HEDGE.format(""),)),
        (f"[accounts.main.protect]\n{BETAS}", ("accounts.main." + NO_HEDGE.format("accounts.main."),)),
        (f"[protect]\n{BETAS}[accounts.main.protect]\n{HEDGE}", (NO_HEDGE.format(""),)),
    ],
)
def test_what_has_no_effect_is_named(tmp_path: Path, text: str, lines: tuple[str, ...]) -> None:
    """Once for each table that names it, with what is missing."""
    file = tmp_path / "guard.toml"
    file.write_text(text, encoding="utf-8")
    assert idle_lines(load_settings(file, {})) == lines


def test_the_check_of_the_configuration_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the configuration, which is right: stdout stays JSON, and it does not fail."""
    file = tmp_path / "guard.toml"
    file.write_text(f"[protect]\n{BETAS}", encoding="utf-8")
    config_check(file)
    said = capsys.readouterr()
    assert json.loads(said.out)["protect"]["betas"] == {"BTC": 1.0, "ETH": 1.2}
    assert said.err == NO_HEDGE.format("") + "\n"
