"""The dialog with one receipt and its whole body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui import fmt
from tui.dialogs.base import Reading
from tui.documents.fields import named
from tui.panes.quarantine import body_lines
from tui.widgets.line import Line, heading

_FIELDS = (
    ("received_at", "received at"),
    ("status", "status"),
    ("http_status", "answered with"),
    ("code", "code"),
    ("reason", "reason"),
    ("source", "source"),
    ("symbol", "symbol"),
    ("endpoint", "path"),
    ("id", "receipt"),
)


class ReceiptDialog(Reading):
    """Shows how the receipt was answered, and its body with control characters made visible."""

    def __init__(self, receipt: Mapping[str, Any]) -> None:
        super().__init__()
        self.receipt = receipt

    def write(self, width: int) -> list[Line]:
        out = [heading("Receipt", width), []]
        for field, name in _FIELDS:
            value = self.receipt.get(field)
            if value is not None and value != "":
                out += named(name, str(value), width, "warn" if field in ("code", "reason") else "text")
        for note in self.receipt.get("notes") or ():
            out += named("note", str(note), width)
        body = str(self.receipt.get("body") or "")
        size: Line = [(f"{fmt.count(len(body))} characters", "dim")]
        return [*out, [], heading("Body", width, size), [], *body_lines(body, width)]
