"""Settings: the example file is the documentation, and every mistake is one clear line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from guard.app.settings import Bars, Settings
from guard.app.settings_file import load_settings
from guard.ports.errors import InputError

EXAMPLE = Path(__file__).parents[3] / "config" / "guard.example.toml"


def write(tmp_path: Path, text: str) -> Path:
    """A configuration file with this text."""
    file = tmp_path / "guard.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_example_loads_and_shows_the_defaults() -> None:
    """What the example shows is what is in force without a file, apart from paths."""
    shown = load_settings(EXAMPLE, {}).model_dump(exclude={"database"})
    assert shown == Settings().model_dump(exclude={"database"})


def documented_keys(text: str) -> set[str]:
    """Keys of the example, those in comments included."""
    table = ""
    keys = set()
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[([a-z_.]+)\]", line):
            table = heading[1]
        elif key := re.match(r"(?:# )?([a-z_]+) = ", line):
            keys.add(f"{table}.{key[1]}")
    return keys


def all_keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Every leaf key of the settings."""
    keys = set()
    for name, field in model.model_fields.items():
        inner: Any = field.annotation
        if name in {"file", "accounts"}:
            continue
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            keys |= all_keys(inner, f"{prefix}{name}.")
        else:
            keys.add(f"{prefix}{name}")
    return keys


def test_example_comments_every_key() -> None:
    """A key that is missing from the example fails here."""
    missing = all_keys(Settings) - documented_keys(EXAMPLE.read_text(encoding="utf-8"))
    assert missing == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[schedule]\ncalm_s = "fast"', "schedule.calm_s was 'fast', must be a valid number"),
        ("[schedule]\ncalm_s = 0", "schedule.calm_s was 0, must be greater than 0"),
        ('[telegram]\ntokenfile = "x"', "telegram.tokenfile is not a known key, allowed: token_file, base_url"),
        ("[telegramm]", "telegramm is not a known key, allowed: database, telegram"),
        ("[zones.warning]\nrisk_ratio = 0.2", "zones: warning.risk_ratio 0.2 is below watch.risk_ratio 0.3"),
        ("[zones.danger]\ndistance = 0.5", "zones: danger.distance 0.5 is above warning.distance 0.08"),
        ("[accounts.a.zones.watch]\nrisk = 1", "accounts.a.zones.watch.risk is not a known key, allowed: risk_ratio"),
        ('[protect]\nact_in = "watch"', "protect.act_in was 'watch', must be 'warning', 'danger' or 'liquidation'"),
        ("[protect]\nbetas = { ETH = 1.2 }", "protect.betas: names no asset with beta 1"),
        ("[protect]\nbetas = { btc = 1.0 }", "protect.betas.btc"),
        ("[protect]\nbetas = { BTC = 0 }", "protect.betas.BTC was 0, must be greater than 0"),
        ("[protect]\ntransferable = { USDT = 1e300 }", "protect.transferable.USDT was 1e+300, must be less than"),
        ("[protect]\ntransferable = { USDT = -5 }", "protect.transferable.USDT was -5, must be greater than 0"),
        ("[protect]\nact_at_hours = 0", "protect.act_at_hours was 0, must be greater than 0"),
        (
            "[protect]\nact_at_hours = 6\ntarget_hours = 6",
            "protect: target_hours was 6, must be above act_at_hours (6)",
        ),
        ("[web]\nlisten = 80", "web.listen was 80, must be a valid string"),
        ('[web]\nlisten = "127.0.0.1:99999"', "the port of 127.0.0.1:99999 must be at most 65535"),
        ("x = ", "is not valid TOML: Invalid value"),
        ("database = 3", "database was 3, must be a"),
    ],
)
def test_mistake_is_one_line(tmp_path: Path, text: str, expected: str) -> None:
    """File, key, value and what is allowed, in one line."""
    file = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_settings(file, {})
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert expected in message
    assert "\n" not in message


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that was asked for and is not there is an error, never silently the defaults."""
    with pytest.raises(InputError, match=r"nowhere\.toml: cannot be read"):
        load_settings(tmp_path / "nowhere.toml", {})


def test_misspelt_environment_variable_is_an_error(tmp_path: Path) -> None:
    """A variable without effect would be silently wrong."""
    with pytest.raises(InputError, match=r"GUARD__TELEGRAM__TOKEN: token is not a known key"):
        load_settings(write(tmp_path, ""), {"GUARD__TELEGRAM__TOKEN": "x"})


def test_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins, key by key."""
    monkeypatch.setenv("GUARD__SCHEDULE__CALM_S", "7")
    settings = load_settings(write(tmp_path, "[schedule]\ncalm_s = 60\nwarning_s = 20"))
    assert (settings.schedule.calm_s, settings.schedule.warning_s) == (7, 20)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A service started from anywhere finds the same files."""
    settings = load_settings(write(tmp_path, '[database]\nurl = "sqlite:///g.db"\n[telegram]\ntoken_file = "t"'), {})
    assert settings.database.url == f"sqlite:///{tmp_path.resolve() / 'g.db'}"
    assert settings.telegram.token_file == tmp_path.resolve() / "t"


def test_account_overrides_only_what_it_names(tmp_path: Path) -> None:
    """An account's own bar leaves the others as the general table says."""
    text = "[zones.watch]\ndistance = 0.3\n[accounts.alice.zones.watch]\nrisk_ratio = 0.1\n[protect]\ncooldown_s = 5"
    settings = load_settings(write(tmp_path, text), {})
    assert settings.zones_of("alice").watch.model_dump() == {"risk_ratio": 0.1, "distance": 0.3, "margin_level": None}
    assert settings.zones_of("bob").watch.risk_ratio == 0.3
    assert settings.protect_of("alice").cooldown_s == 5


def test_off_removes_a_bar(tmp_path: Path) -> None:
    """TOML has no null."""
    settings = load_settings(write(tmp_path, '[zones.danger]\nmargin_level = "off"'), {})
    assert settings.zones.danger.margin_level is None
    text = '[protect]\nact_at_hours = 6\ntarget_hours = 24\n[accounts.bob.protect]\nact_at_hours = "off"'
    settings = load_settings(write(tmp_path, text), {})
    assert (settings.protect.act_at_hours, settings.protect.target_hours) == (6.0, 24.0)
    assert (settings.protect_of("bob").act_at_hours, settings.protect_of("bob").target_hours) == (None, 24.0)
    assert isinstance(settings.zones.danger, Bars)


def test_token_file_must_hold_a_token(tmp_path: Path) -> None:
    """An absent or empty token file is a clear error, not a silent Telegram."""
    settings = load_settings(write(tmp_path, '[telegram]\ntoken_file = "t"'), {})
    with pytest.raises(InputError, match="cannot be read"):
        settings.telegram.token()
    (tmp_path / "t").write_text(" \n", encoding="utf-8")
    with pytest.raises(InputError, match="is empty"):
        settings.telegram.token()
    (tmp_path / "t").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is not text"):
        settings.telegram.token()
    (tmp_path / "t").write_text("123:abc\n", encoding="utf-8")
    token = settings.telegram.token()
    assert token is not None
    assert token.get_secret_value() == "123:abc"
    assert "123:abc" not in repr(token)


def test_example_is_valid_toml_of_known_tables() -> None:
    """The example parses on its own."""
    assert "zones" in tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("GUARD__SCHEDULE", "{", "schedule"),
        ("GUARD__PROTECT__ALLOW_SYMBOLS", "BTC", "protect"),
    ],
)
def test_environment_that_is_no_json_is_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    """A table or a list in a variable is JSON; anything else is the user's mistake, not a defect."""
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as caught:
        load_settings(None)
    assert expected in str(caught.value)
    assert "JSON" in str(caught.value)


def test_rules_of_an_account_name_only_what_differs(tmp_path: Path) -> None:
    """The rest is taken from the general table; `off` switches a rule off."""
    file = tmp_path / "guard.toml"
    file.write_text(
        '[alerts.rules]\ndrawdown = 0.3\nstress = "off"\n[accounts.alice.rules]\ndrawdown = 0.1\n'
        '[alerts]\nescalate_after_s = "off"\n'
    )
    settings = load_settings(file, {})
    assert (settings.rules_of("alice").drawdown, settings.rules_of("bob").drawdown) == (0.1, 0.3)
    assert settings.rules_of("alice").stress is None
    assert settings.alerts.escalate_after_s is None
