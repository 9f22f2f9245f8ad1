"""Settings of the deck that a user changes on the screen, saved from one run to the next."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any, TypeVar

from server.private_files import make_private_file, make_private_folder

log = logging.getLogger("gatedeck.tui")

Value = TypeVar("Value")


class SettingsStore:
    """Named JSON values in one file of the state folder; without a path they are kept in memory only.

    No method raises. A file that cannot be read counts as empty. A file that cannot be written stays as it is.
    ``problem`` is a sentence about the last such failure.
    """

    def __init__(self, path: Path | None = None, *, keep: bool = True) -> None:
        """With ``keep`` False settings are read and never written, as in a demo."""
        self.path = path
        self.problem = ""
        self._keep = keep
        self._values: dict[str, Any] = {}
        if path is not None:
            self._read(path)

    @property
    def keeps(self) -> bool:
        """Return whether changes are written to the file."""
        return self._keep

    @property
    def folder(self) -> Path:
        """Folder for files that the user saves, such as screenshots."""
        return self.path.parent if self.path is not None else Path.cwd()

    def get(self, name: str, default: Value) -> Value:
        """Return a value if it is stored and of the default's type, else the default."""
        value = self._values.get(name, default)
        return value if type(value) is type(default) else default

    def set(self, name: str, value: Any) -> None:
        """Store a JSON value, and write the file at once."""
        if self._values.get(name) == value and name in self._values:
            return
        self._values[name] = value
        if self.path is not None and self._keep:
            self._write(self.path)

    def _read(self, path: Path) -> None:
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            self._report(f"the deck's settings cannot be read, the defaults are used: {path}: {error}")
            return
        if isinstance(values, dict):
            self._values = values
        else:
            self._report(
                f"the deck's settings cannot be read, the defaults are used: {path} is not a JSON object"
            )

    def _write(self, path: Path) -> None:
        draft = path.with_name(path.name + ".new")
        try:
            make_private_folder(path.parent)
            make_private_file(draft)
            draft.write_text(json.dumps(self._values, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            # Atomic: after a crash the file holds the old settings or the new ones, never a part.
            os.replace(draft, path)  # noqa: PTH105
        except OSError as error:
            self._report(f"the deck's settings cannot be saved: {error}")

    def _report(self, problem: str) -> None:
        self.problem = problem
        log.warning("%s", problem)
