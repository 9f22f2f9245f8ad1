"""``gatedeck whatif``: candidate rules against a whole ledger, in decisions and dollars."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.learning.whatif import NO_TRADE
from core.rules import Rules, RulesError
from server.config import ConfigError
from tui.cli.replay import ledger_path

if TYPE_CHECKING:
    from core.learning import WhatIf
    from core.learning.whatif import Difference
    from core.performance.metric import Metric


def whatif(
    changes: list[str], *, rules: Path | None, db: str | None, config: Path | None, as_json: bool
) -> int:
    """Decide the ledger again under changed rules; raises ConfigError for a change that cannot be read."""
    from server.ledger.codec import encode_any
    from server.ledger.history import rules_text
    from server.ledger.snapshot import LedgerSnapshot
    from server.whatif import try_rules

    with LedgerSnapshot(ledger_path(db, config)) as ledger:
        in_force = Rules.parse(rules_text(ledger) or "")
        candidate = _candidate(in_force, changes, rules)
        found = try_rules(ledger, in_force, candidate)
    if as_json:
        sys.stdout.buffer.write(encode_any(found) + b"\n")
    else:
        print("\n".join(_lines(found)))
    return 0


def _candidate(in_force: Rules, changes: list[str], rules: Path | None) -> Rules:
    from core.learning import with_rule

    if not changes and rules is None:
        raise ConfigError("set: nothing to try; give --set section.rule=number, or --rules FILE")
    candidate = in_force
    try:
        if rules is not None:
            candidate = Rules.parse(rules.read_text(encoding="utf-8"))
        for change in changes:
            path, equals, text = change.partition("=")
            try:
                value: float = int(text) if text.lstrip("+-").isdigit() else float(text)
            except ValueError:
                raise ConfigError(f"set: {change!r} is not section.rule=number") from None
            if not equals:
                raise ConfigError(f"set: {change!r} is not section.rule=number")
            candidate = with_rule(candidate, path.strip(), value)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"rules: {rules} cannot be read: {error}") from None
    except RulesError as error:
        raise ConfigError(str(error)) from None
    return candidate


def _lines(found: WhatIf) -> Iterator[str]:
    yield found.label
    yield f"rules {found.in_force} → {found.candidate}, dollars at multiplier 1"
    for path, (old, new) in found.rules.items():
        yield f"  {path}: {_briefly(old, new)}"
        if path in found.not_applied:
            yield "    NOT_ANSWERABLE here: replay it"
    yield from _stretch("whole ledger", found.whole)
    yield from _stretch("later third", found.later_third)


def _briefly(old: object, new: object) -> str:
    """Old and new value; of tables only the entries that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        return ", ".join(f"{key} {old.get(key)} → {new.get(key)}" for key in keys)
    if isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        rows = [(one, other) for one, other in zip(old, new, strict=True) if one != other]
        return ", ".join(f"{one} → {other}" for one, other in rows)
    return f"{old} → {new}"


def _stretch(name: str, part: Difference) -> Iterator[str]:
    yield ""
    if not part.decisions:
        yield f"{name}: – (it takes decisions on three sessions or more)"
        return
    yield f"{name}: {part.decisions:,} decisions, {part.changed:,} change"
    for change, count in part.changes.items():
        yield f"  {change:24} {count:6,}"
    yield f"  trades {part.trades:,} → {part.trades_candidate:,}, {part.not_answerable:,} NOT_ANSWERABLE"
    for reason, count in part.why.items():
        yield f"    {count:6,} {reason}"
    rows = [
        ("gained", part.gained),
        ("lost", part.lost),
        ("resized", part.resized),
        ("other exits", part.reexited),
    ]
    for label, metric in rows:
        if metric.value is not None or metric.reason != NO_TRADE:
            yield f"  {label:12} {_dollars(metric)}"
    yield f"  {'difference':12} {_dollars(part.difference)}"
    for gate in part.gates:
        if gate.opened or gate.shut:
            yield f"  {gate.gate} gate: lets {gate.opened:,} in, shuts {gate.shut:,} out"
            yield f"    {_dollars(gate.difference)}"


def _dollars(metric: Metric) -> str:
    if metric.value is None:
        return f"– ({metric.reason})"
    interval = f"  95 % {metric.low:+,.2f} to {metric.high:+,.2f}" if metric.low is not None else ""
    few = "" if metric.status == "OK" else f"  {metric.status}"
    return f"{metric.value:+,.2f} $  n {metric.n}{interval}{few}"
