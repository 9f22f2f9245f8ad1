"""What a person chose on the deck, remembered from one run to the next."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any, TypeVar

log = logging.getLogger("gatedeck.tui")

FILE = "deck.json"
Value = TypeVar("Value")


class SettingsStore:
    """Names and JSON values in one file of the state folder; without a path they last as long as the process.

    Nothing here raises: a file that cannot be read counts as empty and one that cannot be written is left as
    it is, and ``problem`` says so in words.
    """

    def __init__(self, path: Path | None = None, *, keep: bool = True) -> None:
        """``keep`` False reads what was chosen and writes nothing, as a demo does."""
        self.path = path
        self.problem = ""
        self._keep = keep
        self._values: dict[str, Any] = {}
        if path is not None:
            self._read(path)

    @property
    def keeps(self) -> bool:
        """Whether what is chosen is meant to outlast the process."""
        return self._keep

    @property
    def folder(self) -> Path:
        """Where what is saved by hand, such as a screenshot, goes."""
        return self.path.parent if self.path is not None else Path.cwd()

    def get(self, name: str, default: Value) -> Value:
        """The value kept under that name when it is of the default's type, else the default."""
        value = self._values.get(name, default)
        return value if type(value) is type(default) else default

    def set(self, name: str, value: Any) -> None:
        """Keep a JSON value under that name, at once."""
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
            self._say(f"the deck's settings cannot be read, defaults are shown: {path}: {error}")
            return
        if isinstance(values, dict):
            self._values = values
        else:
            self._say(f"the deck's settings cannot be read, defaults are shown: {path} holds no object")

    def _write(self, path: Path) -> None:
        draft = path.with_name(path.name + ".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(self._values, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            # A machine that goes down in the middle leaves the old file or the new one.
            os.replace(draft, path)  # noqa: PTH105
        except OSError as error:
            self._say(f"the deck's settings cannot be kept: {error}")

    def _say(self, problem: str) -> None:
        self.problem = problem
        log.warning("%s", problem)
