"""`gatedeck whatif`: decide a whole ledger again under candidate rules; changes in decisions and dollars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from core.learning.whatif import NO_TRADE
from core.rules import Rules, RulesError, parse_rules
from server.config import ConfigError
from server.ledger.address import LedgerAddress
from tui import fmt
from tui.cli.console import ProgressCallback, ledger_of, print_json, progress_bar, read_text
from tui.metric_format import band_note

if TYPE_CHECKING:
    from core.learning import WhatIf
    from core.learning.whatif import Difference
    from core.performance.metric import Metric


def whatif(
    changes: list[str], *, rules: Path | None, db: str | None, config: Path | None, as_json: bool
) -> int:
    """Decide the ledger again under changed rules and print the differences.

    Raises ConfigError for a change that is not ``section.rule=number``, or a rules file that cannot be read.
    """
    from server.ledger.codec import encode_any

    with progress_bar("trying") as on_progress:
        result, removed = _compare(ledger_of(db, config), changes, rules, on_progress)
    if as_json:
        print_json(
            encode_any(
                {each.name: getattr(result, each.name) for each in fields(result)} | {"removed": removed}
            )
        )
    else:
        print("\n".join([*_lines(result), *removed]))
    return 0


def compare(address: LedgerAddress, changes: Sequence[str], rules: Path | None) -> WhatIf:
    """Return what changed rules would have changed in a ledger. Raises ConfigError and LedgerError."""
    return _compare(address, changes, rules)[0]


def _compare(
    address: LedgerAddress,
    changes: Sequence[str],
    rules: Path | None,
    progress: ProgressCallback | None = None,
) -> tuple[WhatIf, tuple[str, ...]]:
    """Return the comparison, and sentences on the old rows that the ledger no longer has."""
    from server.ledger.history import rules_text
    from server.ledger.snapshot import LedgerSnapshot
    from server.replay.archives import as_ledger
    from server.whatif import whatif_of_ledger

    with as_ledger(address) as file, LedgerSnapshot(file) as ledger:
        in_force = parse_rules(rules_text(ledger) or "")
        found = whatif_of_ledger(ledger, in_force, _candidate(in_force, changes, rules), progress)
        return found, ledger.removed.texts


def _candidate(in_force: Rules, changes: Sequence[str], rules: Path | None) -> Rules:
    from core.learning import with_rule

    if not changes and rules is None:
        raise ConfigError("set: no change given; use --set section.rule=number, or --rules FILE")
    candidate = in_force
    try:
        if rules is not None:
            candidate = parse_rules(read_text(rules, "rules"))
        for change in changes:
            path, equals, text = change.partition("=")
            try:
                value: float = int(text) if text.lstrip("+-").isdigit() else float(text)
            except ValueError:
                raise ConfigError(f"set: {change!r} is not section.rule=number") from None
            if not equals:
                raise ConfigError(f"set: {change!r} is not section.rule=number")
            candidate = with_rule(candidate, path.strip(), value)
    except RulesError as error:
        raise ConfigError(str(error)) from None
    return candidate


def _lines(result: WhatIf) -> Iterator[str]:
    yield result.label
    yield f"rules {result.in_force} → {result.candidate}"
    for path, (old, new) in result.rules.items():
        yield f"  {path}: {_format_change(old, new)}"
        if path in result.not_applied:
            yield "    NOT_ANSWERABLE by a what-if: use gatedeck replay --rules"
    yield f"{result.unit}:"
    yield f"  {result.method}"
    for text in (result.made_by, None if result.baseline is None else result.baseline.text):
        if text is not None:
            yield from wrap(text, 78, subsequent_indent="  ")
    yield from _difference_lines("whole ledger", result.whole)
    yield from _difference_lines("later third", result.later_third)


def _format_change(old: object, new: object) -> str:
    """Return the old and the new value; of a table only the entries that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        return ", ".join(f"{key} {old.get(key)} → {new.get(key)}" for key in keys)
    if isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        rows = [(one, other) for one, other in zip(old, new, strict=True) if one != other]
        return ", ".join(f"{one} → {other}" for one, other in rows)
    return f"{old} → {new}"


def _difference_lines(name: str, part: Difference) -> Iterator[str]:
    yield ""
    if not part.decisions:
        yield f"{name}: – (needs decisions on at least three sessions)"
        return
    yield f"{name}: {part.decisions:,} decisions, {part.changed:,} change"
    for change, count in part.changes.items():
        yield f"  {change:24} {count:6,}"
    yield f"  trades {part.trades:,} → {part.trades_candidate:,}, {part.not_answerable:,} NOT_ANSWERABLE"
    for reason, count in part.why.items():
        yield f"    {count:6,} {reason}"
    left = part.left_out
    if left.value is not None:
        yield f"    left out on both sides: {fmt.money(left.value)} in force, of {left.n:,} with a result"
    rows = [
        ("gained", part.gained),
        ("lost", part.lost),
        ("moved", part.moved),
        ("resized", part.resized),
        ("other exits", part.reexited),
    ]
    for label, metric in rows:
        if metric.value is not None or metric.reason != NO_TRADE:
            yield f"  {label:12} {_format_dollars(metric)}"
    yield f"  {'difference':12} {_format_dollars(part.difference)}"
    if note := band_note(part.difference):
        yield f"    by fills {note}"
    if part.waiting:
        lost = part.waiting_lost
        yield f"  {part.waiting:,} signals not traded would wait on; whether they trade later is not known"
        if lost.value is not None:
            yield f"    {fmt.money(lost.value)} of the lost are theirs"
    for gate in part.gates:
        if gate.opened or gate.shut:
            yield f"  {gate.gate} gate: {gate.opened:,} newly pass, {gate.shut:,} newly blocked"
            yield f"    {_format_dollars(gate.difference)}"


def _format_dollars(metric: Metric) -> str:
    if metric.value is None:
        return f"– ({metric.reason})"
    interval = f"  95 % {fmt.money(metric.low)} to {fmt.money(metric.high)}" if metric.low is not None else ""
    few = "" if metric.status == "OK" else f"  {metric.status}"
    return f"{fmt.money(metric.value)}  n {metric.n}{interval}{few}"
