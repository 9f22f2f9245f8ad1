"""Text and evidence of the engine in the deck's words: its number format, units, and phases by name.

The engine writes sentences with numbers as 1,234.56 and phases as numbers. They become cells through ``told``; facts
that come as names and values through ``format_evidence``. Names stay as they are: a contract as NVDA 182.5C, an
address, a version, and what a sender or a person wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tui import fmt

PHASES: Mapping[int, str] = {1: "ACCUMULATION", 2: "MARKUP", 3: "DISTRIBUTION", 4: "MARKDOWN"}
"""The four phases by the number that senders use."""
UNITS: Mapping[str, str] = {" pct": " %", " bps": " bps", " minutes": " min", " seconds": " s"}
"""Ends of a fact's name that are its unit, and how the unit stands behind the value."""

_PHASE = re.compile(r"\b([Pp]hase) ([1-4])\b(?! [A-Z]{2})")


def told(text: str) -> str:
    """Return a sentence of the engine with numbers in the format in use and each phase by its name."""
    if "hase " in text:
        text = _PHASE.sub(lambda found: f"{found[1]} {PHASES[int(found[2])]}", text)
    return fmt.local_numbers(text)


def format_evidence(evidence: Mapping[str, object]) -> str:
    """Return names and values as text, such as "phase MARKUP, confidence 82, spread 3.1 bps"."""
    return ", ".join(_fact(str(name), item) for name, item in evidence.items())


def _fact(name: str, item: object) -> str:
    words = fmt.words(name)
    if name == "phase" and isinstance(item, int) and item in PHASES:
        return f"{words} {PHASES[item]}"
    if isinstance(item, int | float) and not isinstance(item, bool):
        for end, unit in UNITS.items():
            if words.endswith(end):
                return f"{words.removesuffix(end)} {_value(item)}{unit}"
    return f"{words} {_value(item)}"


def _value(item: object) -> str:
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, float):
        return fmt.local(f"{item:,.2f}".rstrip("0").rstrip("."))
    if isinstance(item, Mapping):
        return f"({', '.join(_fact(str(name), each) for name, each in item.items())})"
    if isinstance(item, (tuple, list)):
        return ", ".join(fmt.words(str(each)) for each in item) or fmt.NONE
    return fmt.NONE if item is None else str(item)
