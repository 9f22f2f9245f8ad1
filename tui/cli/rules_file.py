"""The rules file that an engine was last given, remembered by ledger: its path and its fingerprint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.rules import RulesError, parse_rules
from server.config import Settings
from server.private_files import make_private_file, make_private_folder

FILE = "rules-files.json"


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A rules file with the fingerprint that it had when it was given."""

    path: Path
    fingerprint: str

    def now(self) -> str | None:
        """Return the fingerprint that the file has now; ``None`` where it cannot be read as rules."""
        with suppress(OSError, UnicodeDecodeError, RulesError):
            return parse_rules(self.path.read_text(encoding="utf-8")).fingerprint
        return None

    def drift(self) -> str:
        """Return one line if the file is not what it was, else an empty text."""
        now = self.now()
        if now == self.fingerprint:
            return ""
        changed = "cannot be read as rules any more" if now is None else f"has changed ({now[:6]})"
        return f"{self.path} {changed} since it was given ({self.fingerprint[:6]}); the rules in force stay"


def remembered(settings: Settings) -> RulesFile | None:
    """Return the file that the ledger of these settings was last started with."""
    found = _read(settings.state_dir / FILE).get(_key(settings))
    if not isinstance(found, dict) or not {"path", "fingerprint"} <= found.keys():
        return None
    return RulesFile(Path(str(found["path"])), str(found["fingerprint"]))


def remember(settings: Settings, path: Path, fingerprint: str) -> None:
    """Keep the file that the ledger of these settings was started with. Raises OSError."""
    place = settings.state_dir / FILE
    given = {"path": str(path.absolute()), "fingerprint": fingerprint}
    values = {**_read(place), _key(settings): given}
    make_private_folder(place.parent)
    make_private_file(place)
    place.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _key(settings: Settings) -> str:
    return settings.ledger_key


def _read(place: Path) -> Mapping[str, object]:
    with suppress(OSError, ValueError):
        values = json.loads(place.read_text(encoding="utf-8"))
        if isinstance(values, dict):
            return values
    return {}
