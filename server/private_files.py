"""Files and folders that only their owner can read: a ledger and a token name trades, accounts and secrets."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def make_private_folder(path: Path) -> None:
    """Create a folder with mode 0700 if there is none; an existing folder keeps its mode. Raises OSError.

    The names of new folders survive a power cut, and with them what is synced in them.
    """
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in made:
        with suppress(
            OSError
        ):  # a parent that may be written but not read, a file system without such a sync
            sync_folder(folder.parent)


def make_private_file(path: Path) -> None:
    """Create a file if there is none and set its mode to 0600, whatever the umask. Raises OSError."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    hide_from_others(path)


def sync_folder(path: Path) -> None:
    """Write the names in a folder to the disk: those of files made, renamed or deleted. Raises OSError."""
    folder = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def hide_from_others(path: Path) -> None:
    """Set the mode of a file to 0600, if it exists and belongs to this user."""
    with suppress(OSError):
        path.chmod(0o600)
