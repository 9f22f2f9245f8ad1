"""`gatedeck doctor`: check all that a day of trading needs, and say how to cure what is wrong. Changes nothing."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp

from server.backups import copies_of, interval
from server.config import PREFIX, ConfigError, Settings, default_config_path, load_settings
from server.ledger.address import DatabaseLedger, is_database
from server.telemetry.log_output import LOG_FILE
from tui.cli.client import engine_client, why_unreachable
from tui.cli.feeds import UNUSABLE

OK, WARN, BAD = "ok", "warn", "bad"
_SIGN = {OK: "✓", WARN: "!", BAD: "✗"}
_LEAST_FREE, _LITTLE_FREE = 100 << 20, 1 << 30
"""Bytes of free disk below which the ledger is in danger, and below which that is near."""
_OFFSET_SECONDS = 2.0
_DAYS_AHEAD = 183
_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: ``state`` is ok, warn or bad; ``cure`` is empty where nothing is to be done."""

    name: str
    state: str
    text: str
    cure: str = ""


def doctor(*, config: Path | None, url: str | None, as_json: bool) -> int:
    """Print every finding; return 1 if one is bad, else 0."""
    findings = list(examine(config, url))
    if as_json:
        print(json.dumps([asdict(each) for each in findings]))
    else:
        for each in findings:
            print(f"{_SIGN[each.state]} {each.name:<9} {each.text}")
            if each.cure:
                print(f"{'':12}cure: {each.cure}")
    return 1 if any(each.state == BAD for each in findings) else 0


def examine(config: Path | None, url: str | None) -> Iterator[Finding]:
    """Yield the findings in the order in which a start needs them."""
    try:
        settings = load_settings({}, config)
    except ConfigError as error:
        yield Finding("config", BAD, str(error), "correct the value named, then run gatedeck doctor again")
        return
    yield _config(settings, config)
    running = _running(config, url)
    yield _engine(running)
    yield _port(settings, running)
    yield _secret(settings)
    yield _proxies(settings)
    yield _clock(settings)
    yield _calendar()
    yield from _ledger(settings)
    yield _kept(settings)
    if "://" not in settings.db:
        yield _backups(settings)
    yield _log(settings)
    yield from _feeds(settings)
    yield _senders(settings)


def _config(settings: Settings, config: Path | None) -> Finding:
    path = Path(config or os.environ.get(f"{PREFIX}CONFIG") or default_config_path()).expanduser()
    origins = []
    for name in sorted(settings.model_fields_set):
        variable = f"{PREFIX}{name.upper()}"
        origins.append(f"{name} from {variable if os.environ.get(variable) else path.name}")
    file = f"{path}" if path.is_file() else f"{path} (not there: defaults)"
    return Finding("config", OK, f"{file}; {', '.join(origins) or 'every setting at its default'}")


def _running(config: Path | None, url: str | None) -> dict[str, Any] | str:
    """Return the running engine's state, or why there is none."""
    try:
        return engine_client(url=url, author=None, config=config, commands=False).object("/api/status")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return f"nothing answers: {why_unreachable(error)}"
    except ConfigError as error:
        return str(error)


def _engine(running: dict[str, Any] | str) -> Finding:
    if isinstance(running, str):
        return Finding(
            "engine", WARN, f"does not run ({running})", "gatedeck run, or gatedeck service install"
        )
    alarms = running["alarms"]
    if alarms:
        return Finding(
            "engine", BAD, f"runs with {len(alarms)} alarms: {'; '.join(alarms)}", "see the System screen"
        )
    return Finding("engine", OK, f"version {running['version']} runs at {running['listener']}")


def _port(settings: Settings, running: dict[str, Any] | str) -> Finding:
    name = f"{settings.host}:{settings.port}"
    if not isinstance(running, str):
        return Finding("port", OK, f"{name} is the running engine's")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            return Finding("port", BAD, f"{name} cannot be used: {error.strerror}",
                           "stop what uses it, or choose another port with --port")  # fmt: skip
    return Finding("port", OK, f"{name} is free")


def _secret(settings: Settings) -> Finding:
    if settings.webhook_secret or any(settings.webhook_secrets.values()):
        return Finding("secret", OK, "senders must give a webhook secret")
    cure = f"set {PREFIX}WEBHOOK_SECRET"
    if settings.exposed:
        return Finding("secret", BAD, f"none, and {settings.host} can be reached from other machines", cure)
    return Finding(
        "secret", WARN, "none: only this machine may send", f"{cure} before a tunnel or proxy forwards to it"
    )


def _proxies(settings: Settings) -> Finding:
    if settings.proxies:
        return Finding("proxy", OK, f"the sender's address is taken from {', '.join(settings.proxies)}")
    return Finding("proxy", OK, "none configured: a request that came through one counts as from outside")


def _clock(settings: Settings) -> Finding:
    address = {"tradier": settings.tradier_url, "alpaca": settings.alpaca_data_url,
               "twelvedata": settings.twelvedata_url}  # fmt: skip
    asked = next((address[name] for name in settings.feeds if name in address), None)
    if asked is None:
        return Finding(
            "clock", OK, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC; not compared, as no feed is configured"
        )
    before = datetime.now(UTC)
    try:
        request = urllib.request.Request(asked, method="HEAD")
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            told = response.headers.get("Date")
    except urllib.error.HTTPError as error:
        told = error.headers.get("Date")
    except OSError as error:
        return Finding("clock", WARN, f"not compared: {asked} does not answer ({error})")
    if not told:
        return Finding("clock", WARN, f"not compared: {asked} tells no time")
    offset = (before - parsedate_to_datetime(told)).total_seconds()
    # The header has whole seconds, and the answer took a moment.
    if abs(offset) > _OFFSET_SECONDS:
        return Finding(
            "clock",
            BAD,
            f"{offset:+.0f} s from the time of {asked}",
            "set the clock: timedatectl set-ntp true",
        )
    return Finding("clock", OK, f"agrees with {asked} to {_OFFSET_SECONDS:g} s")


def _calendar() -> Finding:
    from core.exchange.calendar import TABLE_ENDS, Calendar

    session = Calendar.load().next_session(datetime.now(UTC).date())
    text = f"next session {session.date:%a %d %b %Y}; time zones come with gatedeck"
    if (TABLE_ENDS - date.today()).days < _DAYS_AHEAD:
        return Finding(
            "calendar", WARN, f"{text}; the table of sessions ends {TABLE_ENDS}", "update gatedeck"
        )
    return Finding("calendar", OK, text)


def _ledger(settings: Settings) -> Iterator[Finding]:
    if is_database(settings.db):
        yield _database(settings)
        return
    path = Path(settings.db)
    folder = next(each for each in (path.parent, *path.parents) if each.exists())
    if not os.access(path if path.exists() else folder, os.W_OK):
        yield Finding(
            "ledger", BAD, f"{path} cannot be written", f"chown or chmod {path if path.exists() else folder}"
        )
    elif path.exists():
        yield _file(path)
    else:
        yield Finding("ledger", OK, f"{path} will be made")
    free = shutil.disk_usage(folder).free
    text = f"{free / (1 << 30):.1f} GB free where the ledger lies"
    state = BAD if free < _LEAST_FREE else WARN if free < _LITTLE_FREE else OK
    yield Finding(
        "disk", state, text, "" if state == OK else "free some space: a full disk takes no webhooks"
    )


def _database(settings: Settings) -> Finding:
    from server.ledger.base import LedgerError
    from server.ledger.databases import database

    address = DatabaseLedger(settings.db, settings.engine_id)
    try:
        found: str = database("state").describe(address)
    except LedgerError as error:
        return Finding("ledger", BAD, str(error), "start the server, or set db to a path")
    return Finding("ledger", OK, found)


def _file(path: Path) -> Finding:
    size = f"{path.stat().st_size / (1 << 20):.1f} MB"
    from server.ledger.base import LedgerError
    from server.ledger.snapshot import LedgerSnapshot

    try:
        with LedgerSnapshot(path) as ledger:
            inputs, removed = ledger.inputs, ledger.removed.texts
    except LedgerError as error:
        return Finding("ledger", BAD, str(error), "gatedeck verify says what is sound")
    return Finding("ledger", OK, "; ".join((f"{path}, {inputs:,} inputs, {size}", *removed)))


def _kept(settings: Settings) -> Finding:
    """Say what is removed of the ledger after a time."""
    days = {"marks": settings.keep_marks_days, "paths": settings.keep_paths_days}
    kept = [f"{name} {count} days" for name, count in days.items() if count is not None]
    text = f"kept: {', '.join(kept)}; the journal always" if kept else "everything is kept"
    return Finding("retention", OK, text)


def _backups(settings: Settings) -> Finding:
    """Say when the newest scheduled copy of the ledger was made; the copies of a person are not known."""
    if settings.backup_every is None:
        return Finding(
            "backups",
            WARN,
            "none are made on a schedule",
            'set backup_every = "1d", or run gatedeck backup FILE',
        )
    every = interval(settings.backup_every)
    copies = copies_of(Path(settings.db), settings.backup_dir)
    if not copies:
        return Finding(
            "backups",
            WARN,
            f"none yet in {settings.backup_dir}; one is made when the engine runs",
            "gatedeck run",
        )
    newest, path = copies[-1]
    age = datetime.now(UTC) - newest
    text = f"{len(copies)} in {settings.backup_dir}, the newest of {newest:%Y-%m-%d %H:%M} UTC ({path.name})"
    # Twice the time: a copy takes a while, and the engine may have been stopped for the night.
    if age > 2 * every:
        return Finding("backups", WARN, f"{text}, which is old for backup_every {settings.backup_every}",
                       "let the engine run, and see its alarms")  # fmt: skip
    return Finding("backups", OK, text)


def _log(settings: Settings) -> Finding:
    folder = next(each for each in (settings.state_dir, *settings.state_dir.parents) if each.exists())
    if os.access(folder, os.W_OK):
        return Finding("log", OK, f"{settings.state_dir / LOG_FILE}")
    return Finding("log", BAD, f"{settings.state_dir} cannot be written", f"chown or chmod {folder}")


def _feeds(settings: Settings) -> Iterator[Finding]:
    if not settings.feeds:
        yield Finding("feeds", WARN, "none: stops act only on price alerts of charts", "gatedeck guide feeds")
        return
    for name in settings.feeds:
        fault = asyncio.run(_open(settings.model_copy(update={"feeds": (name,)})))
        if fault is None:
            yield Finding("feeds", OK, f"{name} can be asked; gatedeck feeds --test asks it")
        else:
            yield Finding("feeds", BAD, f"{name}: {fault}", "set its key; gatedeck guide feeds names it")


async def _open(settings: Settings) -> str | None:
    """Return why the only feed of the settings cannot be opened, None if it can; its vendor is asked nothing."""
    from server.feeds.live import open_markets
    from server.runtime.clock import SteadyClock

    try:
        markets = open_markets(settings, SteadyClock())
    except ConfigError as error:
        return str(error)
    bad = [f"{each.state} {each.detail}".strip() for each in markets.status() if each.state in UNUSABLE]
    await markets.close()
    return bad[0] if bad else None


def _senders(settings: Settings) -> Finding:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    key = "?key=<secret>" if settings.webhook_secret else ""
    text = (
        f"POST http://{host}:{settings.port}/api/webhooks{key} with a symbol, a direction or a price, and a time; "
        "gatedeck send posts samples"
    )
    return Finding("senders", OK, text)
