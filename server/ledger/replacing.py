"""Put a new ledger file in the place of an old one, which is kept under another name."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from server.ledger.connection import open_file
from server.ledger.files import side_files
from server.ledger.head_file import Head, HeadFile
from server.ledger.journal import journal_end
from server.private_files import sync_folder


def take_place(path: Path, fresh: Path, why: str) -> Path | None:
    """Move the old file and its log aside and the new one to its place, with a head file of its own.

    Returns where the old file is, as ``<name>.<why>-<time>``; ``None`` if there was none. Raises OSError.
    """
    target, kept = path.resolve(), None
    for side in side_files(fresh):
        side.unlink(missing_ok=True)
    if target.exists():
        kept = target.with_name(f"{target.name}.{why}-{datetime.now(UTC):%Y%m%d-%H%M%S}")
        for side, new in zip(side_files(target), side_files(kept), strict=True):
            if side.exists():
                side.replace(new)
        target.replace(kept)
    fresh.replace(target)
    with closing(open_file(target)) as connection:
        HeadFile(target, Head(*journal_end(connection))).close()
    sync_folder(target.parent)
    return kept
