"""The command token: from the settings, else created once and kept in the state folder."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from server.config import ConfigError, Settings
from server.private_files import make_private_folder

FILE_NAME = "command.token"


def command_token(settings: Settings) -> str:
    """Return the token that commands need; create its file (0600) on first use. Raises ConfigError."""
    if settings.command_token:
        return settings.command_token[0].value
    path = settings.state_dir / FILE_NAME
    try:
        return read_token(path) or _create(path)
    except OSError as error:
        raise ConfigError(
            f"state_dir: {path} cannot be used for the command token: {error.strerror}"
        ) from None


def read_token(path: Path) -> str | None:
    """Return the token in a file; ``None`` without a file. Raises ConfigError if others may read it."""
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            token = file.read(512).strip()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        token, mode = "", 0
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            f"{path} can be read by others; delete it (a new one is created at the next start), or chmod 600 {path}"
        )
    if not token:
        raise ConfigError(f"{path} holds no token; delete it, and a new one is created")
    return token


def _create(path: Path) -> str:
    make_private_folder(path.parent)
    token = secrets.token_urlsafe(32)
    # Written to another file and then linked: another engine that starts sees a whole token or none.
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(f"{token}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return read_token(path) or token
    finally:
        draft.unlink()
    return token
