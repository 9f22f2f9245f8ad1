"""Settings: defaults, then the TOML file, then GATEDECK_* in the environment, then flags.

Operations only (addresses, secrets, paths, clock); every number a trader may tune lives in ``core.rules``.
Secrets (``server.named_secrets``) show as asterisks wherever settings are printed.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from server.backups import interval
from server.ledger.address import is_database, without_password
from server.named_secrets import OneOrSeveral, Secrets
from server.quiet_hours import quiet_hours
from server.setting_origins import Origin, origins_of

PREFIX = "GATEDECK_"

ENDPOINTS: Mapping[str, str] = {
    "signals": "TRADINGVIEW_SIGNAL",
    "saty-phase": "SATY_PHASE",
    "trend": "MTF_DOTS",
    "ultimate-options": "ULTIMATE_OPTIONS",
    "strat": "STRAT_EXEC",
}
"""Webhook endpoints by name, each with the source it is for; a secret may be named by either."""

ADDRESS_PRESETS: Mapping[str, tuple[str, ...]] = {
    "tradingview": ("52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7"),
    "loopback": ("127.0.0.0/8", "::1"),
}
"""Names that an allow-list may hold in place of addresses; TradingView's are those it publishes."""

SUBJECT_PRESETS: Mapping[str, str] = {"tradingview": r"CN=TradingView Webhooks,O=TradingView\, Inc."}
"""Names that ``client_subject`` may hold in place of a subject; TradingView's is the one it publishes."""


LEDGER_FILE = "gatedeck.db"


class ConfigError(Exception):
    """Settings that cannot be used; the message says which setting, where it came from and what to do."""


def _xdg_folder(variable: str, fallback: str) -> Path:
    given = os.environ.get(variable, "")
    # The XDG specification says that a relative path is to be ignored.
    base = Path(given) if given and Path(given).is_absolute() else Path.home() / fallback
    return base / "gatedeck"


DECK_FILE = "deck.json"
"""File in the state folder with what a person chose on the deck: appearance, filters, and notices by key `A`."""


def default_config_path() -> Path:
    """Return the default path of the configuration: gatedeck/config.toml in the XDG config folder."""
    return _xdg_folder("XDG_CONFIG_HOME", ".config") / "config.toml"


def default_state_dir() -> Path:
    return _xdg_folder("XDG_STATE_HOME", ".local/state")


def is_loopback(host: str) -> bool:
    """Return whether a listener on ``host`` can be reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# --- how values are read ---------------------------------------------------------------------------------


def _split_commas(value: object) -> object:
    """Split a comma-separated text, so that an environment variable can hold a list."""
    return (
        tuple(part for part in (p.strip() for p in value.split(",")) if part)
        if isinstance(value, str)
        else value
    )


def _quiet(value: str) -> str:
    quiet_hours(value)
    return value


def _every(value: str | None) -> str | None:
    if value is not None:
        interval(value)
    return value


def _empty_is_unset(value: object) -> object:
    return None if value == "" else value


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if value in ADDRESS_PRESETS:
            continue
        try:
            ip_network(value, strict=False)
        except ValueError:
            names = ", ".join(ADDRESS_PRESETS)
            raise ValueError(
                f"{value!r} is neither an address, a network such as 10.0.0.0/8, nor one of {names}"
            ) from None
    return values


def _addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the networks with presets replaced by their addresses."""
    return tuple(a for value in _networks(values) for a in ADDRESS_PRESETS.get(value, (value,)))


def endpoint_name(text: str) -> str:
    """Return the endpoint that ``saty-phase``, ``SATY_PHASE`` … name. Raises ValueError listing the names."""
    plain = text.strip().lower().replace("_", "-")
    for name, source in ENDPOINTS.items():
        if plain in (name, source.lower().replace("_", "-")):
            return name
    raise ValueError(f"{text!r} is not a webhook endpoint; known are {', '.join(ENDPOINTS)}")


def _by_endpoint(value: dict[str, Any]) -> dict[str, Any]:
    return {endpoint_name(name): secrets for name, secrets in value.items()}


def _host(value: str) -> str:
    bare = value.strip().removeprefix("[").removesuffix("]")
    if not bare or any(c.isspace() or c in "/?#@" for c in bare):
        raise ValueError("is not a host name or address")
    return bare


def _expanded(value: Path) -> Path:
    return value.expanduser()


def _database(value: str) -> str:
    if not is_database(value):
        return str(Path(value).expanduser())
    if urlsplit(value).scheme not in ("postgresql", "postgres"):
        raise ValueError("is neither a path nor a postgresql:// URL")
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http", "wss", "ws") or not parts.hostname or parts.username is not None:
        raise ValueError("is not an address such as https://api.tradier.com/v1")
    if parts.scheme in ("http", "ws") and not is_loopback(parts.hostname):
        raise ValueError("would send the key unencrypted; use https or wss")
    return value.rstrip("/")


def _named_once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip().lower() for name in names))


Several = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)]
Networks = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas), AfterValidator(_addresses)]
Hidden = Annotated[SecretStr | None, BeforeValidator(_empty_is_unset)]
BackupEvery = Annotated[str | None, BeforeValidator(_empty_is_unset), AfterValidator(_every)]
Quiet = Annotated[str, AfterValidator(_quiet)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
FeedNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas), AfterValidator(_named_once)]
Folder = Annotated[Path, AfterValidator(_expanded)]

_file_values: ContextVar[Mapping[str, Any] | None] = ContextVar("file_values", default=None)


class Settings(BaseSettings):
    """The settings of the operator; frozen and validated, and every error names where its value came from.

    ``webhook_secrets`` gives single endpoints secrets of their own, in place of ``webhook_secret``. ``proxies``
    are the only peers whose X-Forwarded-For is trusted. An empty ``allow_from`` allows every address.
    ``rate_per_second`` and ``rate_burst`` are webhooks per remote address; loopback has no limit. ``client_subject``
    asks webhooks for a client certificate, by TLS with ``client_ca`` or from a proxy. ``max_connections`` never
    exceeds what the process may open.

    The log rotates at ``log_megabytes`` and keeps ``log_files`` older files; ``log_to`` auto is the state folder, or
    standard output when headless under systemd.

    Messages go to ``notify_urls`` of apprise, at most ``notify_per_minute``, none in the hours of ``notify_quiet``.

    With ``backup_every`` (as 12h or 1d) the ledger is copied into ``backup_dir``; ``backup_keep`` copies are kept.

    Marks of trades closed more than ``keep_marks_days`` ago, and prices of paths from before ``keep_paths_days``, are
    removed outside market hours; without them all are kept. The journal is kept always.

    ``feeds`` is the order in which vendors are preferred. Their keys are read from the environment only; their
    addresses are settings, so that a paper or sandbox account is chosen here. ``feed_options`` is for vendors that
    are packages of their own, by the name of the vendor.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    host: Annotated[str, AfterValidator(_host)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8787
    state_dir: Folder = Field(default_factory=default_state_dir)
    db: Annotated[str, AfterValidator(_database)] = Field(
        default_factory=lambda given: str(given["state_dir"] / LEDGER_FILE),
        repr=False,  # a URL may hold a password
    )
    rules: Folder | None = None
    engine_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "gatedeck"
    headless: bool = False
    clock: AwareDatetime | None = None
    refresh_hz: Annotated[float, Field(ge=0.2, le=30)] = 2.0
    decision_wait_ms: Annotated[int, Field(ge=0, le=2500)] = 250

    webhook_secret: OneOrSeveral = ()
    webhook_secrets: Annotated[dict[str, Secrets], BeforeValidator(_by_endpoint)] = Field(
        default_factory=dict
    )
    api_token: OneOrSeveral = ()
    command_token: OneOrSeveral = ()
    allow_from: Networks = ()
    proxies: Networks = ()
    allowed_hosts: Several = ()
    tls_certificate: Folder | None = None
    tls_key: Folder | None = None
    client_ca: Folder | None = None
    client_subject: str | None = None
    max_connections: Annotated[int, Field(ge=1)] = 1024
    max_connections_per_address: Annotated[int, Field(ge=1)] = 128
    max_body_bytes: Annotated[int, Field(ge=1024, le=1 << 20)] = 64 * 1024
    rate_per_second: Annotated[float, Field(gt=0)] = 600.0
    rate_burst: Annotated[int, Field(ge=1)] = 1200

    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_to: Literal["auto", "file", "stdout"] = "auto"
    log_megabytes: Annotated[int, Field(ge=1, le=1024)] = 10
    log_files: Annotated[int, Field(ge=1, le=100)] = 5
    sentry_dsn: Hidden = None

    notify_urls: OneOrSeveral = ()
    notify_quiet: Quiet | None = None
    notify_per_minute: Annotated[int, Field(ge=1, le=60)] = 10

    backup_every: BackupEvery = None
    backup_keep: Annotated[int, Field(ge=1, le=10_000)] = 7
    backup_dir: Folder = Field(default_factory=lambda given: given["state_dir"] / "backups")
    keep_marks_days: Annotated[int | None, Field(ge=1, le=36_500)] = None
    keep_paths_days: Annotated[int | None, Field(ge=1, le=36_500)] = None

    feeds: FeedNames = ()
    tradier_url: WebAddress = "https://api.tradier.com/v1"
    tradier_stream_url: WebAddress = "wss://ws.tradier.com/v1/markets/events"
    alpaca_data_url: WebAddress = "https://data.alpaca.markets"
    alpaca_trading_url: WebAddress = "https://paper-api.alpaca.markets"
    alpaca_stream_url: WebAddress = "wss://stream.data.alpaca.markets"
    alpaca_feed: Literal["iex", "sip", "delayed_sip"] = "iex"
    alpaca_option_feed: Literal["indicative", "opra"] = "indicative"
    twelvedata_url: WebAddress = "https://api.twelvedata.com"
    twelvedata_credits_per_minute: Annotated[int, Field(ge=1)] = 8
    feed_options: dict[str, dict[str, str]] = Field(default_factory=dict)

    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)

    def origin(self, name: str) -> Origin:
        """Return where the value of a setting comes from."""
        return self._origins.get(name, "flag" if name in self.model_fields_set else "default")

    @property
    def exposed(self) -> bool:
        """Return whether other machines can reach the listener."""
        return not is_loopback(self.host)

    @property
    def deck_socket(self) -> Path:
        """Return the socket at which local decks attach to the engine of this ledger."""
        if self.db == str(self.state_dir / LEDGER_FILE):
            return self.state_dir / "deck.sock"
        name = hashlib.sha256(self.ledger_key.encode()).hexdigest()[:8]
        return self.state_dir / f"deck-{name}.sock"

    @property
    def ledger_key(self) -> str:
        """Return a text that names the ledger and no other: its absolute path, or its database and engine."""
        if is_database(self.db):
            return f"{without_password(self.db)} {self.engine_id}"
        return str(Path(self.db).absolute())

    @property
    def database_shown(self) -> str:
        """Return ``db`` without the password that a URL may contain."""
        return without_password(self.db) if is_database(self.db) else self.db

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = InitSettingsSource(settings_cls, dict(_file_values.get() or {}))
        # A service of systemd gets its secrets as files, each named like its setting.
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        if not credentials:
            return init_settings, env_settings, file
        given = SecretsSettingsSource(settings_cls, secrets_dir=credentials, env_prefix="")
        return init_settings, env_settings, given, file


# --- loading ---------------------------------------------------------------------------------------------


def load_settings(flags: Mapping[str, Any] | None = None, config: Path | None = None) -> Settings:
    """Return the settings in force; a flag that is ``None`` was not given. Raises ConfigError.

    A file named by ``config`` or GATEDECK_CONFIG must exist; the default file may be absent.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    named = config or os.environ.get(f"{PREFIX}CONFIG")
    path = Path(named or default_config_path()).expanduser()
    values = _read(path, required=bool(named))
    token = _file_values.set(values)
    try:
        settings = Settings(**given)
        settings._origins = origins_of(Settings.model_fields, given, values, PREFIX)
        return settings
    except ValidationError as error:
        lines = [_line(e, given, path) for e in error.errors() if e["type"] != "default_factory_not_called"]
        raise ConfigError("\n".join(lines)) from None
    except SettingsError as error:
        raise ConfigError(f"the environment cannot be read: {error}") from None
    finally:
        _file_values.reset(token)


def check_exposure(settings: Settings) -> None:
    """Raise ConfigError if the listener would accept webhooks from other machines without a secret."""
    if settings.exposed and not settings.webhook_secret and not any(settings.webhook_secrets.values()):
        raise ConfigError(
            f"host: {settings.host} can be reached from other machines, so a webhook secret is required; set "
            f"{PREFIX}WEBHOOK_SECRET (or webhook_secret in the configuration file), or keep host 127.0.0.1"
        )


def _read(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise ConfigError(f"config: the file {path} does not exist") from None
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config: {path} is not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"config: {path} cannot be read: {error.strerror}") from None


_MESSAGES: Mapping[str, str] = {
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "finite_number": "is not a finite number",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_type": "must be text",
    "path_type": "must be a path",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "string_pattern_mismatch": "may hold letters, digits, '.', '_' and '-', at most 64",
    "timezone_aware": "needs an offset from UTC, as in 2026-11-24T10:00-05:00",
    "datetime_from_date_parsing": "is not an instant such as 2026-11-24T10:00-05:00",
    "datetime_parsing": "is not an instant such as 2026-11-24T10:00-05:00",
    "datetime_type": "is not an instant such as 2026-11-24T10:00-05:00",
}


def _line(error: Any, flags: Mapping[str, Any], path: Path) -> str:
    field = str(error["loc"][0])
    name = ".".join(str(part) for part in error["loc"])
    origin = _origin(field, flags, path)
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(field, Settings.model_fields, 1)
        return f"{field}: is not a setting{f'; did you mean {near[0]}?' if near else ''} ({origin})"
    template = _MESSAGES.get(error["type"])
    if template is None:
        cause = (error.get("ctx") or {}).get("error")
        template = str(cause) if cause is not None else str(error["msg"]).lower()
    # A secret is never repeated, not even a mistaken one.
    shown = (
        ""
        if "secret" in field or "token" in field or "dsn" in field or "urls" in field
        else f" {error['input']!r}"
    )
    message = (
        template.format(**(error.get("ctx") or {}))
        if "{" in template and error["type"] in _MESSAGES
        else template
    )
    return f"{name}:{shown if error['type'] in _MESSAGES else ''} {message} ({origin})"


def _origin(field: str, flags: Mapping[str, Any], path: Path) -> str:
    if field in flags:
        return f"from --{field.replace('_', '-')}"
    variable = f"{PREFIX}{field}".upper()
    for name, value in os.environ.items():
        if value and (name.upper() == variable or name.upper().startswith(f"{variable}__")):
            return f"from {variable}"
    return f"from {path}"
