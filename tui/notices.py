"""What a person is told of when they do not look: which kinds, and by toast, bell or the desktop."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from time import monotonic
from typing import Any

from server.deck import Notice
from tui import fmt

TOAST, BELL, DESKTOP = "toast", "bell", "desktop"
CHANNELS = (TOAST, BELL, DESKTOP)
KINDS = {
    "execute": "an entry is executed",
    "approval": "a trade waits for you",
    "exit": "a position, or part of one, leaves",
    "risk": "a limit acts, the mode changes",
    "feed": "a feed is lost, an alarm",
    "silence": "a sender has gone quiet",
}
"""What can be told of, in words."""
_KIND_OF = {"mode": "risk"}

_BELL_GAP = 2.0
_DESKTOP_GAP = 5.0
"""Seconds between two; what comes in between is counted on the next."""
_LENGTH = 200
_NAME = "gatedeck"

_ALL, _SEEN = frozenset(CHANNELS), frozenset({TOAST})


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """For each kind the ways in which it is told; ``title`` counts the unseen in the terminal's title."""

    execute: frozenset[str] = _ALL
    approval: frozenset[str] = _ALL
    exit: frozenset[str] = _ALL
    risk: frozenset[str] = _ALL
    feed: frozenset[str] = _ALL
    silence: frozenset[str] = _SEEN
    title: bool = True

    def wants(self, kind: str, channel: str) -> bool:
        """Whether an event of that kind is told that way; a kind without a switch never is."""
        name = _KIND_OF.get(kind, kind)
        return name in KINDS and channel in getattr(self, name)

    def counts(self, kind: str) -> bool:
        """Whether it is told in any way, and so counts as unseen until a key is pressed."""
        return any(self.wants(kind, channel) for channel in CHANNELS)

    def toggled(self, kind: str, channel: str) -> NoticeSettings:
        return replace(self, **{kind: getattr(self, kind) ^ {channel}})

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a settings file."""
        kept: dict[str, Any] = {kind: [c for c in CHANNELS if c in getattr(self, kind)] for kind in KINDS}
        return kept | {"title": self.title}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NoticeSettings:
        """What ``as_dict`` made; what is missing or not understood keeps its default."""
        found: dict[str, Any] = {}
        for field in fields(cls):
            value = values.get(field.name)
            if field.name == "title" and isinstance(value, bool):
                found["title"] = value
            elif field.name in KINDS and isinstance(value, list):
                found[field.name] = frozenset(each for each in value if each in CHANNELS)
        return cls(**found)


SILENT = NoticeSettings(execute=_SEEN, approval=_SEEN, exit=_SEEN, risk=_SEEN, feed=_SEEN)
"""Toasts and the title alone: for a demo, where something happens all the time."""


def clean(text: str) -> str:
    """A text for inside a terminal's command: no control character, nothing that ends or splits it."""
    plain = fmt.safe(text).replace(";", ",").replace("·", " ").strip()
    # Counted in characters: marks that combine take no cell and could go on for ever.
    return plain if len(plain) <= _LENGTH else plain[: _LENGTH - 1] + "…"


def title_command(text: str) -> str:
    return f"\x1b]2;{clean(text)}\x07"


SAVE_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"


def desktop_commands(text: str, environ: Mapping[str, str]) -> str:
    """The notification as the terminal at hand understands it: OSC 9, OSC 777, or both where it is unknown.

    Inside tmux it is passed through to the terminal around it (where ``allow-passthrough`` is on).
    """
    said = clean(text)
    nine = f"\x1b]9;{_NAME}: {said}\x07"
    triple = f"\x1b]777;notify;{_NAME};{said}\x07"
    program = environ.get("TERM_PROGRAM", "") or environ.get("LC_TERMINAL", "")
    term = environ.get("TERM", "")
    if program in ("iTerm.app", "iTerm2", "WezTerm", "ghostty") or term in ("xterm-kitty", "xterm-ghostty"):
        chosen = nine
    elif environ.get("VTE_VERSION") or term.startswith(("foot", "rxvt")):
        chosen = triple
    else:
        chosen = nine + triple
    if environ.get("TMUX"):
        return "\x1bPtmux;" + chosen.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return chosen


class Notifier:
    """Rings, notifies and counts; ``write`` takes a command to the terminal."""

    def __init__(
        self,
        write: Callable[[str], None],
        settings: NoticeSettings,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.settings = settings
        self.unseen = 0
        self._write, self._environ, self._clock = write, environ, clock
        self._belled = self._notified = float("-inf")
        self._bell = False
        self._waiting: list[str] = []
        self._title: str | None = None

    def hear(self, event: Notice) -> None:
        """Take note of an event and say at once what may be said now."""
        if not self.settings.counts(event.kind):
            return
        self.unseen += 1
        self._bell = self._bell or self.settings.wants(event.kind, BELL)
        if self.settings.wants(event.kind, DESKTOP):
            self._waiting.append(event.text)
        self.flush()

    def seen(self) -> None:
        """A key was pressed: whoever pressed it sees the screen."""
        if self.unseen or self._bell or self._waiting:
            self.unseen, self._bell = 0, False
            self._waiting.clear()
            self.show_title()

    def flush(self) -> None:
        """Say what had to wait for its gap."""
        now = self._clock()
        if self._bell and now - self._belled >= _BELL_GAP:
            self._bell, self._belled = False, now
            self._write("\x07")
        if self._waiting and now - self._notified >= _DESKTOP_GAP:
            more = len(self._waiting) - 1
            text = self._waiting[-1] + (f" (and {more} more)" if more else "")
            self._waiting.clear()
            self._notified = now
            self._write(desktop_commands(text, self._environ))
        self.show_title()

    def show_title(self) -> None:
        """The unseen count in the terminal's title, sent only when it changed."""
        wanted = (f"({self.unseen}) {_NAME}" if self.unseen else _NAME) if self.settings.title else None
        if wanted == self._title:
            return
        if self._title is None:
            self._write(SAVE_TITLE)
        self._title = wanted
        self._write(RESTORE_TITLE if wanted is None else title_command(wanted))

    def leave(self) -> None:
        """Give the terminal its title back."""
        if self._title is not None:
            self._title = None
            self._write(RESTORE_TITLE)
