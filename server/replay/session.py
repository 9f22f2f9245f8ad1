"""One replay from files to results: inputs, decisions and trades, and the comparison with the source."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.model import ENGINE_VERSION
from server.ledger.bulk import BulkLedger
from server.ledger.compare import Comparison, compare
from server.ledger.snapshot import LedgerSnapshot, is_ledger
from server.replay.machine import Replayer, ReplayError
from server.replay.rebuilt import ENGINE_ID, replay_receipts
from server.replay.recorded import replay_journal, shift
from server.replay.sources import read_prices, read_receipts

Told = dict[str, Any]
Counted = Callable[[int, int], None]
"""Told inputs done and inputs in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The replay to run: ``source`` a ledger or receipts, ``prices`` files, ``out`` a new ledger."""

    source: Path
    prices: tuple[str, ...] = ()
    rules_text: str | None = None
    out: Path | None = None


def replay(wanted: Wanted, counted: Counted | None = None) -> Told:
    """Replay and return the results; ``identical`` is None if there is nothing to compare with.

    Raises ReplayError, LedgerError or RulesError.
    """
    if not wanted.source.is_file():
        raise ReplayError(f"{wanted.source}: no such file")
    if is_ledger(wanted.source) and not wanted.prices:
        return _recorded(wanted, counted)
    return _rebuilt(wanted, counted)


def _recorded(wanted: Wanted, counted: Counted | None) -> Told:
    with ExitStack() as stack:
        source = stack.enter_context(LedgerSnapshot(wanted.source))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gatedeck-replay-"))
        out = BulkLedger(wanted.out or Path(folder) / "replay.db", source.engine_id)
        with out:
            begun = time.perf_counter()
            replayer = replay_journal(
                source, rules_text=wanted.rules_text, output=out, progress=_of(counted, source.inputs)
            )
            seconds = time.perf_counter() - begun
        made = stack.enter_context(LedgerSnapshot(out.path))
        told = _told("recorded", wanted, replayer, seconds)
        if wanted.rules_text is not None:
            return told | shift(source, made).as_dict()
        compared = compare(source, made)
        differences = [str(difference) for difference in compared.first]
        if replayer.head != source.head:
            differences.insert(0, f"journal: hash {source.head.hex()} | {replayer.head.hex()}")
        return told | {
            "identical": not differences,
            "differing": sum(compared.differing.values()),
            "differing_columns": dict(compared.columns),
            "differences": differences,
            "notes": _notes(compared, source),
        }


def _rebuilt(wanted: Wanted, counted: Counted | None) -> Told:
    receipts, prices = read_receipts(wanted.source), read_prices(list(wanted.prices))
    if not receipts:
        raise ReplayError(f"{wanted.source}: no receipts in it")
    with ExitStack() as stack:
        out = None if wanted.out is None else stack.enter_context(BulkLedger(wanted.out, ENGINE_ID))
        begun = time.perf_counter()
        rebuilder = replay_receipts(
            receipts,
            prices,
            rules_text=wanted.rules_text or "",
            output=out,
            progress=_of(counted, len(receipts) + len(prices.seen)),
        )
        seconds = time.perf_counter() - begun
    told = _told("rebuilt", wanted, rebuilder.replayer, seconds)
    return told | {"prices": len(prices.seen), "markets_without_price": rebuilder.without_price}


def _told(kind: str, wanted: Wanted, replayer: Replayer, seconds: float) -> Told:
    rules, tally = replayer.engine.rules, replayer.tally
    decisions = sum(tally.decisions.values())
    return {
        "source": str(wanted.source),
        "kind": kind,
        **tally.as_dict(),
        "markets_unanswered": len(replayer.asked),
        "answers_unused": tally.unused_answers,
        "journal_hash": replayer.head.hex(),
        "rules": rules.name,
        "rules_fingerprint": rules.fingerprint,
        "ledger": None if wanted.out is None else str(wanted.out),
        "seconds": round(seconds, 3),
        "events_per_second": round(tally.events / max(seconds, 1e-9)),
        "decisions_per_second": round(decisions / max(seconds, 1e-9)),
        "identical": None,
    }


def verify_ledger(path: Path, counted: Counted | None = None) -> Told:
    """Check the hash chain, replay the journal and compare every derived table with the result.

    ``ok`` if all of it agrees. A journal with a broken chain is not replayed. Raises LedgerError when the file
    is not a ledger.
    """
    with ExitStack() as stack:
        source = stack.enter_context(LedgerSnapshot(path))
        problem = source.chain_problem()
        told: Told = {"ledger": str(path), "inputs": source.inputs, "head": source.head.hex()}
        if problem is not None:
            return told | {"ok": False, "chain": problem, "differing": None, "differences": []}
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gatedeck-verify-"))
        with BulkLedger(Path(folder) / "refold.db", source.engine_id) as out:
            replay_journal(source, output=out, progress=_of(counted, source.inputs))
        made = stack.enter_context(LedgerSnapshot(out.path))
        compared = compare(source, made)
        return told | {"ok": compared.equal, "chain": None} | _compared(compared, source)


def _compared(compared: Comparison, source: LedgerSnapshot) -> Told:
    return {
        "rows": compared.rows,
        "differing": sum(compared.differing.values()),
        "differing_columns": dict(compared.columns),
        "differences": [str(difference) for difference in compared.first],
        "notes": _notes(compared, source),
    }


def _notes(compared: Comparison, source: LedgerSnapshot) -> list[str]:
    """Return notes on expected differences: other versions of the engine or of the rules."""
    others = source.engine_versions() - {ENGINE_VERSION}
    notes = [f"made in part by engine version {', '.join(sorted(others))}"] if others else []
    if compared.other_rules:
        notes.append("rules were added or removed since: fingerprints were not compared")
    return notes


def _of(counted: Counted | None, total: int) -> Callable[[int], None] | None:
    return None if counted is None else lambda done: counted(done, total)
