"""The address of a ledger: the path of a file, or the URL of a database and the id of the engine that writes it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

_USER = re.compile(r"(\w+://[^:/?#]*):(.*)", re.DOTALL)
"""Beginning of a URL up to its last @: a user, and a password in which anything may stand."""
_PARAMETER = re.compile(r"([?&](?:ssl)?password=)([^&]*)", re.IGNORECASE)
_WRITTEN = re.compile(r"(?:[^@/%\s]|%[0-9A-Fa-f]{2})*")


@dataclass(frozen=True, slots=True)
class DatabaseLedger:
    """The ledger of one engine in a PostgreSQL database; as text without the password that the URL may hold.

    ``beside`` is a path on this machine; next to it the writer keeps the chain's head (``<beside>.head``), from which
    a start sees inputs that the server has lost.
    """

    url: str = field(repr=False)
    engine_id: str
    beside: Path | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return without_password(self.url)

    @property
    def name(self) -> str:
        """Return a short name for a person."""
        return f"{self.engine_id} in {urlsplit(self.url).path.strip('/') or 'the database'}"


LedgerAddress = Path | DatabaseLedger


def is_database(db: str) -> bool:
    """Return whether the setting ``db`` is the URL of a database and not a path."""
    return "://" in db


def ledger_address(db: str, engine_id: str, folder: Path | None = None) -> LedgerAddress:
    """Return where the ledger of an engine is; ``db`` is a path or the URL of a database.

    ``folder`` is where the writer of a database keeps the chain's head.
    """
    if not is_database(db):
        return Path(db)
    name = hashlib.sha256(f"{without_password(db)} {engine_id}".encode()).hexdigest()[:8]
    return DatabaseLedger(db, engine_id, None if folder is None else folder / f"database-{name}")


def without_password(url: str) -> str:
    """Return a URL with *** in place of its passwords, wherever the server's library would find them."""
    head, at, rest = url.rpartition("@")
    found = _USER.match(head) if at else None
    shown = url if found is None else f"{found[1]}:***@{rest}"
    return _PARAMETER.sub(r"\1***", shown)


def passwords_in(url: str) -> tuple[str, ...]:
    """Return the passwords of a URL, as they are written there and as they are meant."""
    head, at, _ = url.rpartition("@")
    found = _USER.match(head) if at else None
    written = [found[2]] if found is not None else []
    written += [value for _, value in _PARAMETER.findall(url)]
    return tuple(dict.fromkeys(each for text in written for each in (text, unquote(text)) if each))


def password_fault(url: str) -> str | None:
    """Return what is wrong with the way in which a URL writes a password, ``None`` when nothing is."""
    if all(_WRITTEN.fullmatch(text) for text in passwords_in(url)[:1]):
        return None
    return "in a password of a URL write @ as %40, / as %2F and % as %25, or keep it in ~/.pgpass"
