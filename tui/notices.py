"""Notifications: which events are announced, by toast, bell or desktop."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from time import monotonic
from typing import Any

from server.deck import Notice
from server.deck.notice_kinds import KIND_OF, KINDS, PHONE, phone_kinds
from tui import fmt

TOAST, BELL, DESKTOP = "toast", "bell", "desktop"
CHANNELS = (TOAST, BELL, DESKTOP, PHONE)
_ON_SCREEN = (TOAST, BELL, DESKTOP)
"""Channels of the deck itself; the engine sends to the phone, with or without a deck."""

_BELL_GAP = 2.0
_DESKTOP_GAP = 5.0
"""Least seconds between two bells, and between two desktop notifications; the next one counts those between."""
_MAX_LENGTH = 200
"""Characters of a notification; longer texts are cut."""
_NAME = "gatedeck"

_ALL, _TOAST_ONLY = frozenset(CHANNELS), frozenset({TOAST})


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """Channels of each kind of event; with ``title`` the terminal's title shows the number of unseen events."""

    execute: frozenset[str] = _ALL
    approval: frozenset[str] = _ALL
    exit: frozenset[str] = _ALL
    risk: frozenset[str] = _ALL
    feed: frozenset[str] = _ALL
    silence: frozenset[str] = _TOAST_ONLY
    session: frozenset[str] = _ALL
    title: bool = True

    def wants(self, kind: str, channel: str) -> bool:
        """Return whether events of a kind are announced by a channel; False for a kind without a switch."""
        name = KIND_OF.get(kind, kind)
        return name in KINDS and channel in getattr(self, name)

    def counts(self, kind: str) -> bool:
        """Return whether a kind is announced at all, and so counts as unseen until a key is pressed."""
        return any(self.wants(kind, channel) for channel in _ON_SCREEN)

    def toggled(self, kind: str, channel: str) -> NoticeSettings:
        """Return settings with one channel of one kind switched on or off."""
        return replace(self, **{kind: getattr(self, kind) ^ {channel}})

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values for the settings file."""
        values: dict[str, Any] = {kind: [c for c in _ON_SCREEN if c in getattr(self, kind)] for kind in KINDS}
        return values | {PHONE: [kind for kind in KINDS if self.wants(kind, PHONE)], "title": self.title}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NoticeSettings:
        """Return settings from ``as_dict``; a value that is missing or of another type keeps its default."""
        found: dict[str, Any] = {}
        for field in fields(cls):
            value = values.get(field.name)
            if field.name == "title" and isinstance(value, bool):
                found["title"] = value
            elif field.name in KINDS and isinstance(value, list):
                found[field.name] = frozenset(each for each in value if each in _ON_SCREEN)
        # Kept apart, so that choices of before there were messages to the phone do not switch them off.
        phone = phone_kinds(values)
        for kind in KINDS:
            others = found.get(kind, getattr(cls(), kind)) - {PHONE}
            found[kind] = others | ({PHONE} if kind in phone else frozenset())
        return cls(**found)


SILENT = NoticeSettings(
    execute=_TOAST_ONLY,
    approval=_TOAST_ONLY,
    exit=_TOAST_ONLY,
    risk=_TOAST_ONLY,
    feed=_TOAST_ONLY,
    session=_TOAST_ONLY,
)
"""Toasts and the title only, for a demo, where events are frequent."""


def clean(text: str) -> str:
    """Return a text that is safe inside a terminal command: no control characters and no separators of it."""
    text = fmt.safe(text).replace(";", ",").replace("·", " ").strip()
    # Characters, not cells: combining marks have no width, so that a limit in cells would not limit them.
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def title_command(text: str) -> str:
    """Return the terminal command that sets the window title (OSC 2)."""
    return f"\x1b]2;{clean(text)}\x07"


SAVE_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
"""Commands that push the title to the terminal's stack, and pop it."""


def desktop_commands(text: str, environ: Mapping[str, str]) -> str:
    """Return the terminal command of a desktop notification: OSC 9, OSC 777, or both for an unknown terminal.

    Inside tmux the command is wrapped, so that tmux passes it on (if its ``allow-passthrough`` is on).
    """
    message = clean(text)
    osc_9 = f"\x1b]9;{_NAME}: {message}\x07"
    osc_777 = f"\x1b]777;notify;{_NAME};{message}\x07"
    program = environ.get("TERM_PROGRAM", "") or environ.get("LC_TERMINAL", "")
    term = environ.get("TERM", "")
    if program in ("iTerm.app", "iTerm2", "WezTerm", "ghostty") or term in ("xterm-kitty", "xterm-ghostty"):
        command = osc_9
    elif environ.get("VTE_VERSION") or term.startswith(("foot", "rxvt")):
        command = osc_777
    else:
        command = osc_9 + osc_777
    if environ.get("TMUX"):
        return "\x1bPtmux;" + command.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return command


class Notifier:
    """Announce events by bell, desktop notification and window title; toasts are the app's.

    ``write`` sends a command to the terminal.
    """

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
        self._last_bell = self._last_desktop = float("-inf")
        self._bell_pending = False
        self._desktop_pending: list[str] = []
        self._title: str | None = None

    def announce(self, event: Notice) -> None:
        """Announce an event now, or later if the last announcement was a moment ago."""
        if not self.settings.counts(event.kind):
            return
        self.unseen += 1
        self._bell_pending = self._bell_pending or self.settings.wants(event.kind, BELL)
        if self.settings.wants(event.kind, DESKTOP):
            self._desktop_pending.append(event.text)
        self.flush()

    def mark_seen(self) -> None:
        """Reset the count of unseen events and drop pending announcements: a key press means someone is looking."""
        if self.unseen or self._bell_pending or self._desktop_pending:
            self.unseen, self._bell_pending = 0, False
            self._desktop_pending.clear()
            self.show_title()

    def flush(self) -> None:
        """Send pending announcements whose gap is over."""
        now = self._clock()
        if self._bell_pending and now - self._last_bell >= _BELL_GAP:
            self._bell_pending, self._last_bell = False, now
            self._write("\x07")
        if self._desktop_pending and now - self._last_desktop >= _DESKTOP_GAP:
            more = len(self._desktop_pending) - 1
            text = self._desktop_pending[-1] + (f" (and {more} more)" if more else "")
            self._desktop_pending.clear()
            self._last_desktop = now
            self._write(desktop_commands(text, self._environ))
        self.show_title()

    def show_title(self) -> None:
        """Write the number of unseen events to the window title, if it changed."""
        wanted = (f"({self.unseen}) {_NAME}" if self.unseen else _NAME) if self.settings.title else None
        if wanted == self._title:
            return
        if self._title is None:
            self._write(SAVE_TITLE)
        self._title = wanted
        self._write(RESTORE_TITLE if wanted is None else title_command(wanted))

    def restore_title(self) -> None:
        """Give the terminal its former title."""
        if self._title is not None:
            self._title = None
            self._write(RESTORE_TITLE)
