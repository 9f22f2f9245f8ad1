"""Ledgers that earlier versions of the program wrote, one for each schema, as SQL text."""

from __future__ import annotations

import lzma
import sqlite3
from contextlib import closing
from pathlib import Path

DEMOS = (1, 2, 3, 4)
"""Schemas whose ledger is three minutes of a demo; compressed."""
SAME_TRADE = (5, 6, 7, 8, 9, 10, 11)
"""Schemas whose ledger is eight inputs of one trade."""
_FOLDER = Path(__file__).parent / "schemas"


def older_ledger(version: int, path: Path) -> Path:
    """Write the ledger of a schema to a file and return it."""
    file = _FOLDER / f"version_{version}.sql"
    packed = _FOLDER / f"{file.name}.xz"
    text = lzma.decompress(packed.read_bytes()).decode() if packed.exists() else file.read_text()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text)
    return path


def owner_of(version: int) -> str:
    """Return the id of the engine that the ledger of a schema belongs to."""
    return "demo" if version in DEMOS else "station"
