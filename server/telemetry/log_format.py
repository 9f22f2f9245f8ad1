"""Log lines as text or JSON, in UTC, without control characters and without any secret."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

import orjson

HIDDEN = "***"
SHORTEST = 4
"""Characters of the shortest secret that is searched for; shorter ones would hide ordinary words."""
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "\ufffd")
_ONE_LINE = _CONTROLS | {ord("\n"): "\\n", ord("\t"): " "}
_LINES = {n: text for n, text in _CONTROLS.items() if n not in (ord("\n"), ord("\t"))}


class Redactor:
    """Replaces every known secret in a text: no line should hold one, and a vendor's error might."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({s for s in secrets if len(s) >= SHORTEST}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text


class TextFormat(logging.Formatter):
    """One line: instant, level, logger, event, text, and the ids as ``name=value``; a traceback follows."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        event = getattr(record, "event", "")
        ids = "".join(f" {name}={value}" for name, value in getattr(record, "ids", {}).items())
        head = f"{_instant(record)} {record.levelname} {record.name} {event}{': ' if event else ''}"
        line = head + record.getMessage().translate(_ONE_LINE) + ids
        if record.exc_text:
            line += "\n" + record.exc_text.translate(_LINES)
        return self._redact(line)


class JsonFormat(logging.Formatter):
    """One JSON object a line: time, level, logger, event, message, the ids by name, exception."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _instant(record),
            "level": record.levelname,
            "logger": record.name,
            "event": getattr(record, "event", None),
            "message": self._redact(record.getMessage().translate(_ONE_LINE)),
            **getattr(record, "ids", {}),
            "exception": None if not record.exc_text else self._redact(record.exc_text.translate(_LINES)),
        }
        return orjson.dumps({name: value for name, value in line.items() if value is not None}).decode()


def _instant(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
