"""Reading the configuration: one TOML file, overridden by environment variables, checked before anything starts.

Every mistake is one line that names file, key, value and what is allowed; nothing is ignored silently.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from guard.app.settings import ENV_PREFIX, AccountOverrides, Settings
from guard.ports.errors import InputError

DEFAULT_FILE = Path("config/guard.toml")


def load_settings(path: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from a file and the environment.

    Args:
        path: the file; None means `GUARD_CONFIG`, else `config/guard.toml` if it is there, else built-in defaults.
        environ: the environment, `os.environ` by default.

    Raises:
        InputError: one line that names file, key, value and what is allowed.
    """
    environ = os.environ if environ is None else environ
    chosen = path or (Path(environ["GUARD_CONFIG"]) if environ.get("GUARD_CONFIG") else None)
    if chosen is None and DEFAULT_FILE.exists():
        chosen = DEFAULT_FILE
    document = _read(chosen) if chosen else {}
    _refuse_unknown_environment(environ)
    _merge_account_overrides(document)
    try:
        settings = Settings(**document)
    except ValidationError as error:
        raise InputError(f"{chosen or 'settings'}: {_one_line(error)}") from None
    except SettingsError as error:  # such as a table or a list that is not JSON
        raise InputError(f"environment: {error}, which must be JSON", fix=f"see the {ENV_PREFIX}* variables") from None
    root = chosen.parent if chosen else Path()
    return _with_absolute_paths(settings.model_copy(update={"file": chosen}), root.resolve())


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", fix="name another file with --config") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not valid TOML: {error}") from error


def _merge_account_overrides(document: dict[str, Any]) -> None:
    """An account's table names only what differs: fill the rest from the general table."""
    accounts = document.get("accounts")
    if not isinstance(accounts, dict):
        return
    for account, overrides in accounts.items():
        if isinstance(overrides, dict) and "kill_switch_file" in (overrides.get("protect") or ()):
            raise InputError(f"accounts.{account}.protect.kill_switch_file is for all accounts, set it in [protect]")
        for name in ("zones", "protect", "rules") if isinstance(overrides, dict) else ():
            if isinstance(overrides.get(name), dict):
                below = document.get("alerts", {}) if name == "rules" else document
                overrides[name] = _deep_merge(below.get(name, {}), overrides[name])


def _deep_merge(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {key: _deep_merge(below.get(key), above[key]) if key in above else below[key] for key in {**below, **above}}


def _refuse_unknown_environment(environ: Mapping[str, str]) -> None:
    """A misspelt variable would be silently without effect: name it instead."""
    for variable in sorted(environ):
        if not variable.startswith(ENV_PREFIX):
            continue
        keys = variable.removeprefix(ENV_PREFIX).lower().split("__")
        model: type[BaseModel] = Settings
        for depth, key in enumerate(keys):
            if key not in model.model_fields or key == "file":
                allowed = ", ".join(name for name in model.model_fields if name != "file")
                raise InputError(f"environment variable {variable}: {key} is not a known key, allowed: {allowed}")
            inner = model.model_fields[key].annotation
            if depth == len(keys) - 1 or not (isinstance(inner, type) and issubclass(inner, BaseModel)):
                break
            model = inner


def _one_line(error: ValidationError) -> str:
    problems = error.errors()
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return _describe(problems[0]) + more


def _describe(problem: ErrorDetails) -> str:
    keys = [str(key) for key in problem["loc"]]
    name = ".".join(keys)
    if problem["type"] == "extra_forbidden":
        allowed = ", ".join(_allowed_beside(keys))
        return f"{name} is not a known key, allowed: {allowed}"
    message = problem["msg"].removeprefix("Value error, ")
    message = message.replace("Input should be", "must be").replace("String should match", "must match")
    if problem["type"] == "value_error":
        return f"{name}: {message}"
    value = problem["input"]
    shown = "a table" if isinstance(value, Mapping) else repr(value)
    return f"{name} was {shown}, {message[0].lower()}{message[1:]}"


def _allowed_beside(keys: list[str]) -> Iterator[str]:
    model: Any = Settings
    for key in keys[:-1]:
        if model is Settings and key == "accounts":
            model = None
        elif model is None:
            model = AccountOverrides
        else:
            annotation = model.model_fields[key].annotation
            options = (annotation,) if isinstance(annotation, type) else annotation.__args__
            model = next(option for option in options if option is not type(None))
    names = model.model_fields if model is not None else ()
    return (name for name in names if name != "file")


def _with_absolute_paths(settings: Settings, root: Path) -> Settings:
    """Relative paths in a file are relative to that file."""
    database, telegram, apprise = settings.database, settings.telegram, settings.apprise
    for prefix in ("sqlite:///", "sqlite+aiosqlite:///"):
        if database.url.startswith(prefix) and ":memory:" not in database.url:
            file = Path(database.url.removeprefix(prefix))
            database = database.model_copy(update={"url": f"sqlite:///{root / file}"})
            break
    if database.master_key_file:
        database = database.model_copy(update={"master_key_file": root / database.master_key_file})
    if telegram.token_file:
        telegram = telegram.model_copy(update={"token_file": root / telegram.token_file})
    if apprise.urls_file:
        apprise = apprise.model_copy(update={"urls_file": root / apprise.urls_file})
    protect = settings.protect
    if protect.kill_switch_file:
        protect = protect.model_copy(update={"kill_switch_file": root / protect.kill_switch_file})
    return settings.model_copy(
        update={"database": database, "telegram": telegram, "apprise": apprise, "protect": protect}
    )
