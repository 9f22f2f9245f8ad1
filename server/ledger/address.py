"""The address of a ledger: the path of a file, or the URL of a database and the id of the engine that writes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


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
    """Return a URL with *** in place of its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    netloc = f"{parts.username or ''}:***@{parts.netloc.rpartition('@')[2]}"
    return parts._replace(netloc=netloc).geturl()
