"""Files and folders that only their owner can read: settings and the log name trades and accounts."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def make_private_folder(path: Path) -> None:
    """Create a folder with mode 0700 and its parents; an existing folder keeps its mode."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Create a file if there is none, and set its mode to 0600; raises OSError if it cannot be created."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    with contextlib.suppress(OSError):  # the file may belong to another user who lets us write
        path.chmod(0o600)
