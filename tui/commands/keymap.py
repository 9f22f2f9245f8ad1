"""The user's own keys: ``keys.toml`` in the configuration folder, with lines of command name = key or keys.

    ExitPosition = "w"
    ShowDecision = ["d", "f2"]

A line with a mistake is ignored, the command keeps its key, and the problem is reported.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tui.commands.registry import COMMANDS
from tui.commands.user_command import UserCommand

FILE = "keys.toml"
Keys = Mapping[str, tuple[str, ...]]

_NAMED = re.compile(r"((ctrl|shift|alt)\+)*[a-z0-9_@]+")
_REFUSED = {
    "ctrl+z": "would stop the engine with the screen",
    "ctrl+c": "is the terminal's",
    "escape": "closes dialogs",
}
_CHARACTERS = {"?": "question_mark", " ": "space", ",": "comma"}


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Keys by command name, for the commands with keys of the user's; and the problems found in the file."""

    keys: Keys
    problems: tuple[str, ...] = ()


NO_KEYS = KeyMap({})


def load_keymap(path: Path) -> KeyMap:
    """The key map in that file; an absent file changes nothing."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return NO_KEYS
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return KeyMap({}, (f"{path.name} is not followed: {error}",))
    return keymap(given, path.name)


def keymap(given: Mapping[str, object], name: str = FILE) -> KeyMap:
    """The key map that these names and keys make together with the keys that stay as they are."""
    wanted: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    commands = {_normalized(command.name): command for command in COMMANDS}
    for word, value in given.items():
        command = commands.get(_normalized(word))
        if command is None:
            problems.append(f"{name}: there is no command {word}{_close_matches(word)}")
            continue
        if command.scope == "none":
            problems.append(f"{name}: {command.name} keeps its key")
            continue
        keys = tuple(_key(each) for each in (value if isinstance(value, list) else [value]))
        wrong = [str(each) for each, key in zip(_as_list(value), keys, strict=True) if key is None]
        wrong += [f"{key}, which {_REFUSED[key]}" for key in keys if key in _REFUSED]
        if wrong or not keys:
            problems.append(f"{name}: {command.name} cannot be {', '.join(wrong) or 'without a key'}")
            continue
        wanted[command.name] = tuple(key for key in keys if key is not None)
    while clash := _find_conflict(wanted):
        refused, key, other = clash
        del wanted[refused]
        problems.append(f"{name}: {refused} cannot be {key}, which is {other}; it keeps its key")
    return KeyMap(wanted, tuple(problems))


def _find_conflict(wanted: Keys) -> tuple[str, str, str] | None:
    """Return the first conflict, or None: a command, its new key, and the command that already has the key."""
    for place in places():
        meaning: dict[str, str] = {}
        # Commands with keys of the user's come last, so that in a conflict they are the ones refused.
        for command in sorted(place, key=lambda each: each.name in wanted):
            for key in wanted.get(command.name, command.keys):
                if key in meaning and command.name in wanted:
                    return command.name, key, meaning[key]
                meaning[key] = command.name
    return None


def places() -> Iterable[list[UserCommand]]:
    """Yield, for each screen, the commands whose keys work on it."""
    everywhere = ("screen", "table", "none")
    screens = dict.fromkeys(command.scope for command in COMMANDS if command.scope not in everywhere)
    for screen in screens:
        yield [command for command in COMMANDS if command.scope in (*everywhere, screen)]


def _normalized(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _close_matches(word: str) -> str:
    """Return a hint: the command names that are closest to the word, and where all names are listed."""
    names = {_normalized(command.name): command.name for command in COMMANDS if command.scope != "none"}
    close = [names[match] for match in get_close_matches(_normalized(word), names, cutoff=0.6)]
    meant = f"; did you mean {' or '.join(close)}?" if close else "."
    return f"{meant} The help (?) and gatedeck guide keys list all names"


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _key(value: object) -> str | None:
    """Return the key's name as Textual binds it, or None if the value is no key."""
    if not isinstance(value, str) or not value.isprintable():
        return None
    if len(value) == 1:
        from textual.keys import _character_to_key

        return _CHARACTERS.get(value) or (value if value.isalnum() else _character_to_key(value))
    plain = value.strip().lower()
    return plain if _NAMED.fullmatch(plain) and len(plain) > 1 else None
