"""The guide's page about senders, made from the vocabulary that intake reads bodies with."""

from __future__ import annotations

from core.intake.vocabulary import vocabulary

_HEAD = """# Senders

A body may be JSON, JSON in a string, or a strategy's sentence. Every key is read without case, `_`, `-` and `.`
between its words (`take_profit`, `takeProfit` and `Take-Profit` are one key), also inside `data`, `message`,
`payload`, `alert`, `strategy`, `order` and `signal`. Each key has one meaning, listed below; the first key of a row
counts before the later ones.

A body asks for one thing: ENTRY, EXIT, REDUCE, MOVE_STOP, CANCEL, STATUS (a test, a heartbeat, a finished trade),
BAR, or an update of the context. A body that speaks of an exit, a flat or smaller position, a finished trade or a
test is never an entry. A body that contradicts itself is refused and both sides are named.

`gatedeck guide tradingview` has ready bodies to paste into an alert.
"""


def senders_page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for slot, meaning, keys in vocabulary():
        names = ", ".join(f"`{key}`" for key in keys)
        parts.append(f"## {slot}\n\n{meaning[:1].upper()}{meaning[1:]}: {names}.\n")
    return "\n".join(parts)
