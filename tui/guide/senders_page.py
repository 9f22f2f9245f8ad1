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

A stop or a target is a price, or a distance with its unit: in the key (`sl_points`, `tp_percent`, `sl_atr`), after
the number (`1.5%`, `12 pts`, `2R`, `75 bps`, `1.5 ATR` with the body's `atr`), or beside it (`sl_type`). A trailing
stop in percent or with a unit is read as the first stop; how it trails is up to the rules. What is not stated is
the deck's, and the answer's notes say so. Words of an order may be English, or the usual words of other languages
(`cerrar`, `verkaufen`, `平仓`).

`gatedeck guide tradingview` has ready bodies to paste into an alert.
"""


def senders_page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for slot, meaning, keys in vocabulary():
        names = ", ".join(f"`{key}`" for key in keys)
        parts.append(f"## {slot}\n\n{meaning[:1].upper()}{meaning[1:]}: {names}.\n")
    return "\n".join(parts)
