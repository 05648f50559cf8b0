"""Settings: names, types, bounds and defaults of every key of the configuration.

`config/guard.example.toml` comments each of them and a test holds both together; `guard.app.settings_file` reads them.
Knows nothing of what the settings are used for.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from guard.alerts.named_shocks import read_shocks
from guard.app.secret_file import read_secret, read_text
from guard.ports.errors import InputError

ENV_PREFIX = "GUARD__"

HIGHEST_PORT = 65_535
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Fraction = Annotated[float, Field(gt=0, le=1)]
Hours = Annotated[float, Field(gt=0, le=8_760)]
Asset = Annotated[str, Field(pattern=r"^[A-Za-z0-9]*[A-Z0-9][A-Za-z0-9]*$")]
Listen = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:\[\]-]+:\d{1,5}$")]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone; write one such as Asia/Tokyo or UTC") from error
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


def off(value: Any) -> Any:
    """TOML has no null: `"off"` stands for it."""
    return None if value == "off" else value


class Table(BaseModel):
    """A table of the file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(Table):
    """[database]: where history lives, and the key that opens the stored credentials."""

    url: str = "sqlite:///var/guard.db"
    master_key_file: Path | None = None
    keep_days: Annotated[int, Field(ge=1)] = 90


class Telegram(Table):
    """[telegram]: off while `token_file` is absent."""

    token_file: Path | None = None
    base_url: str = "https://api.telegram.org/bot"

    def token(self) -> SecretStr | None:
        """The bot token, or None when Telegram is off.

        Raises:
            InputError: the file cannot be read, is not text, or is empty.
        """
        if self.token_file is None:
            return None
        where = f"telegram.token_file {self.token_file}"
        return SecretStr(
            read_secret(self.token_file, where, fix="write the bot's token from @BotFather into that file")
        )


class Apprise(Table):
    """[apprise]: second channels; off while `urls_file` is absent."""

    urls_file: Path | None = None

    def urls(self) -> dict[int, SecretStr]:
        """The URLs of the file by their line; empty when it is off. Empty lines and those that begin with # are none.

        Raises:
            InputError: the file cannot be read, is not text, or names nothing.
        """
        if self.urls_file is None:
            return {}
        where, fix = f"apprise.urls_file {self.urls_file}", "write one URL a line into it, or remove the key"
        lines = enumerate(read_text(self.urls_file, where, fix=fix).splitlines(), start=1)
        found = {
            number: SecretStr(text) for number, line in lines if (text := line.strip()) and not text.startswith("#")
        }
        if not found:
            raise InputError(f"{where} names no service", fix=fix)
        return found


class Schedule(Table):
    """[schedule]: how often an account is read, by zone, in seconds."""

    calm_s: Seconds = 30
    warning_s: Seconds = 10
    danger_s: Seconds = 3
    timeout_s: Seconds = 20
    stale_after_s: Seconds = 60


class Stream(Table):
    """[stream]: listening to venues between two readings."""

    enabled: bool = True
    silent_after_s: Seconds = 10
    min_gap_s: Seconds = 1
    assessments_per_s: Annotated[float, Field(gt=0, le=1000)] = 5
    marks_calm_s: Seconds = 10
    marks_warning_s: Seconds = 3


class Bars(Table):
    """[zones.<zone>]: the bars that put an account into a zone; any of them is enough."""

    risk_ratio: Annotated[float, Field(gt=0)] | None = None
    distance: Fraction | None = None
    margin_level: Annotated[float, Field(gt=0)] | None = None

    _off = field_validator("*", mode="before")(off)


class WatchBars(Bars):
    """[zones.watch]."""

    risk_ratio: Annotated[float, Field(gt=0)] | None = 0.30
    distance: Fraction | None = 0.15


class WarningBars(Bars):
    """[zones.warning]."""

    risk_ratio: Annotated[float, Field(gt=0)] | None = 0.50
    distance: Fraction | None = 0.08
    margin_level: Annotated[float, Field(gt=0)] | None = 0.50


class DangerBars(Bars):
    """[zones.danger]."""

    risk_ratio: Annotated[float, Field(gt=0)] | None = 0.75
    distance: Fraction | None = 0.04
    margin_level: Annotated[float, Field(gt=0)] | None = 0.20


class LiquidationBars(Bars):
    """[zones.liquidation]."""

    risk_ratio: Annotated[float, Field(gt=0)] | None = 0.95
    distance: Fraction | None = 0.005


class Zones(Table):
    """[zones]: bars of the four alarm zones, and how an alarm is left."""

    watch: WatchBars = WatchBars()
    warning: WarningBars = WarningBars()
    danger: DangerBars = DangerBars()
    liquidation: LiquidationBars = LiquidationBars()
    exit_buffer: Annotated[float, Field(ge=0, lt=1)] = 0.10
    dwell_cycles: Annotated[int, Field(ge=1)] = 2
    blind_cycles: Annotated[int, Field(ge=1)] = 2

    @model_validator(mode="after")
    def ordered(self) -> Zones:
        """A worse zone must not be easier to enter than a milder one."""
        order = ("watch", "warning", "danger", "liquidation")
        for milder, worse in itertools.pairwise(order):
            low, high = getattr(self, milder), getattr(self, worse)
            if low.risk_ratio and high.risk_ratio and high.risk_ratio < low.risk_ratio:
                raise ValueError(f"{worse}.risk_ratio {high.risk_ratio} is below {milder}.risk_ratio {low.risk_ratio}")
            for bar in ("distance", "margin_level"):
                far, near = getattr(low, bar), getattr(high, bar)
                if far and near and near > far:
                    raise ValueError(f"{worse}.{bar} {near} is above {milder}.{bar} {far}")
        return self


class Repeat(Table):
    """[alerts.repeat]: how long until an alarm that nobody acknowledges is told again, in seconds."""

    warning_s: Seconds | None = 1800
    danger_s: Seconds | None = 300
    liquidation_s: Seconds | None = 120

    _off = field_validator("*", mode="before")(off)


class Rules(Table):
    """[alerts.rules]: thresholds of rules beside the zones: `guard.alerts.rulebook`. Fractions; money in dollars."""

    distance: Fraction | None = None
    stress: Annotated[float, Field(gt=0, le=0.95)] | None = 0.05
    shocks: tuple[str, ...] | None = ()
    risk_ratio: Annotated[float, Field(gt=0)] | None = None
    margin_level: Annotated[float, Field(gt=0)] | None = None
    available: Annotated[float, Field(gt=0)] | None = None
    available_money: Annotated[float, Field(gt=0)] | None = None
    drawdown: Fraction | None = 0.40
    share: Fraction | None = None
    funding: Annotated[float, Field(gt=0)] | None = 0.01

    _off = field_validator("*", mode="before")(off)

    @field_validator("shocks")
    @classmethod
    def _are_shocks(cls, shocks: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for text in shocks or ():
            try:
                read_shocks(text)
            except InputError as error:
                raise ValueError(str(error)) from error
        return shocks


class Alerts(Table):
    """[alerts]: where alerts go beside Telegram, in which language, and when the guard says that it still watches."""

    console: bool = True
    live: bool = True
    language: Literal["en", "ja"] = "en"
    timezone: TimeZone = "UTC"
    daily_at: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = "08:00"
    escalate_after_s: Seconds | None = 600
    second_person_after_s: Seconds | None = 600
    second_person: str = ""
    repeat: Repeat = Repeat()
    rules: Rules = Rules()

    _off = field_validator("escalate_after_s", "second_person_after_s", mode="before")(off)


class Protect(Table):
    """[protect]: limits of protective orders. The mode itself is armed per account: `guard account mode`."""

    act_in: Literal["warning", "danger", "liquidation"] = "danger"
    act_at_distance: Fraction | None = None
    act_at_hours: Hours | None = None
    confirm_cycles: Annotated[int, Field(ge=1)] = 2
    target_risk_ratio: Fraction = 0.35
    target_distance: Fraction = 0.12
    target_hours: Hours | None = None
    max_cost_bps: Annotated[float, Field(gt=0)] = 100
    max_slippage_bps: Annotated[float, Field(gt=0)] = 50
    max_child_notional: Annotated[float, Field(gt=0)] = 50_000
    max_daily_notional_x_equity: Annotated[float, Field(gt=0)] = 20
    cooldown_s: Annotated[float, Field(ge=0)] = 30
    remedies: tuple[Literal["cancel", "net", "transfer", "reduce", "hedge"], ...] = ("cancel", "net", "reduce")
    allow_symbols: tuple[str, ...] = ()
    dry_run: bool = False
    proposal_valid_s: Annotated[float, Field(ge=10, le=600)] = 60
    reprice_tolerance: Annotated[float, Field(ge=0, le=1)] = 0.2
    unhedge_after_s: Annotated[float, Field(gt=0)] | None = None
    betas: Mapping[Asset, Annotated[float, Field(gt=0, le=10)]] = {}
    transferable: Mapping[Asset, Annotated[float, Field(gt=0, le=1e15)]] = {}
    kill_switch_file: Path | None = None

    @field_validator("betas")
    @classmethod
    def _has_reference(cls, betas: Mapping[str, float]) -> Mapping[str, float]:
        """Without one of beta 1 nothing could be hedged, and nobody would notice."""
        if betas and 1.0 not in betas.values():
            raise ValueError("names no asset with beta 1: the others are hedged with that one, such as BTC = 1.0")
        return betas

    @field_validator("act_at_distance", "act_at_hours", "target_hours", "unhedge_after_s", mode="before")
    @classmethod
    def _off(cls, value: Any) -> Any:
        """TOML has no null: `"off"` removes it."""
        return None if value == "off" else value

    @model_validator(mode="after")
    def _ends_beyond_its_beginning(self) -> Protect:
        """A plan that ended where the next one begins would be made again and again."""
        begin, end = self.act_at_hours, self.target_hours
        if begin is not None and end is not None and end <= begin:
            raise ValueError(f"target_hours was {end:g}, must be above act_at_hours ({begin:g})")
        return self


class Conformity(Table):
    """[conformity]: how far our figures may differ from the venue's own before they count as disputed."""

    requirement_tolerance: Fraction = 0.01
    equity_tolerance: Fraction = 0.002
    price_lag: Fraction = 0.0005


class Integrity(Table):
    """[integrity]: from where on changes that the guard did not make are told."""

    positions: bool = True
    transfer: Fraction = 0.01
    adl: Fraction = 0.8
    depeg: Fraction = 0.01


class Web(Table):
    """[web]: health and metrics; loopback unless told otherwise."""

    listen: Listen = "127.0.0.1:8787"

    @field_validator("listen")
    @classmethod
    def port_exists(cls, listen: str) -> str:
        """Ports end at 65535."""
        if int(listen.rpartition(":")[2]) > HIGHEST_PORT:
            raise ValueError(f"the port of {listen} must be at most {HIGHEST_PORT}")
        return listen


class Heartbeat(Table):
    """[heartbeat]: a watchdog elsewhere that calls people when it hears nothing; off while `url` is empty."""

    url: SecretStr = SecretStr("")
    interval_s: Seconds = 60

    @field_validator("url")
    @classmethod
    def is_safe(cls, url: SecretStr) -> SecretStr:
        """Whoever reads the address on the wire could pretend that all is well. Messages never repeat it."""
        if not url.get_secret_value():
            return url
        try:
            parts = urlsplit(url.get_secret_value())
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise ValueError("must be the address of a watchdog such as https://host/path") from error
        if parts.scheme not in {"https", "http"} or not host:
            raise ValueError("must be the address of a watchdog such as https://host/path")
        if parts.scheme == "http" and not _is_loopback(host):
            raise ValueError("must begin with https:// unless the watchdog is on this machine (127.0.0.1)")
        return url


class Log(Table):
    """[log]: structured logs on stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class AccountOverrides(Table):
    """[accounts.<name>]: keys of `zones`, `protect` and `alerts.rules` that differ for one account."""

    zones: Zones | None = None
    protect: Protect | None = None
    rules: Rules | None = None


class Settings(BaseSettings):
    """Everything that can be configured. `file` is where it came from, None for built-in defaults."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__", env_file=None
    )

    database: Database = Database()
    telegram: Telegram = Telegram()
    apprise: Apprise = Apprise()
    schedule: Schedule = Schedule()
    stream: Stream = Stream()
    zones: Zones = Zones()
    alerts: Alerts = Alerts()
    protect: Protect = Protect()
    conformity: Conformity = Conformity()
    integrity: Integrity = Integrity()
    web: Web = Web()
    heartbeat: Heartbeat = Heartbeat()
    log: Log = Log()
    accounts: Mapping[str, AccountOverrides] = {}
    file: Annotated[Path | None, Field(exclude=True)] = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment overrides the file, which arrives as init values."""
        del settings_cls, dotenv_settings, file_secret_settings
        return (env_settings, init_settings)

    def zones_of(self, account: str) -> Zones:
        """The zones of one account."""
        overrides = self.accounts.get(account)
        return (overrides and overrides.zones) or self.zones

    def protect_of(self, account: str) -> Protect:
        """The protection limits of one account."""
        overrides = self.accounts.get(account)
        return (overrides and overrides.protect) or self.protect

    def rules_of(self, account: str) -> Rules:
        """The thresholds of one account's rules."""
        overrides = self.accounts.get(account)
        return (overrides and overrides.rules) or self.alerts.rules
