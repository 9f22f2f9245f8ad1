"""One replay from files to results: inputs, decisions and trades, and the comparison with the source."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.exchange.calendar import Calendar
from core.rules import parse_rules
from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.bulk import BulkLedger
from server.ledger.compare import Comparison, compare
from server.ledger.snapshot import LedgerSnapshot, holds_ledger
from server.replay.machine import Replayer, ReplayError
from server.replay.rebuilt import ENGINE_ID, replay_receipts
from server.replay.recorded import replay_journal, shift
from server.replay.sources import read_prices, read_receipts
from server.runtime.garbage import rarely

Report = dict[str, Any]
ProgressCallback = Callable[[int, int], None]
"""Called with the number of inputs done and the number of all inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The replay to run: ``source`` a ledger or receipts, ``prices`` files or databases, ``out`` a new ledger."""

    source: LedgerAddress
    prices: tuple[str | DatabaseLedger, ...] = ()
    rules_text: str | None = None
    out: Path | None = None


@rarely()
def replay(wanted: Wanted, progress: ProgressCallback | None = None) -> Report:
    """Replay and return the results; ``identical`` is None if there is nothing to compare with.

    Raises ReplayError, LedgerError or RulesError.
    """
    if isinstance(wanted.source, Path) and not wanted.source.is_file():
        raise ReplayError(f"{wanted.source}: no such file")
    if holds_ledger(wanted.source) and not wanted.prices:
        return _replay_ledger(wanted, progress)
    return _replay_receipts(wanted, progress)


def _replay_ledger(wanted: Wanted, progress: ProgressCallback | None) -> Report:
    with ExitStack() as stack:
        source = stack.enter_context(LedgerSnapshot(wanted.source))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gatedeck-replay-"))
        out = BulkLedger(
            wanted.out or Path(folder) / "replay.db", source.engine_id, scratch=wanted.out is None
        )
        with out:
            begun = time.perf_counter()
            replayer = replay_journal(
                source,
                rules_text=wanted.rules_text,
                output=out,
                progress=with_total(progress, source.inputs),
            )
            seconds = time.perf_counter() - begun
        replayed = stack.enter_context(LedgerSnapshot(out.path))
        result = _summary("recorded", wanted, replayer, seconds)
        if wanted.rules_text is not None:
            return result | shift(source, replayed).as_dict()
        compared = compare(source, replayed)
        differences = [str(difference) for difference in compared.first]
        return result | {
            "identical": not differences,
            "differing": sum(compared.differing.values()),
            "differing_columns": dict(compared.columns),
            "differences": differences,
            "notes": version_notes(compared, source),
        }


def _replay_receipts(wanted: Wanted, progress: ProgressCallback | None) -> Report:
    rules = parse_rules(wanted.rules_text or "")
    receipts = read_receipts(wanted.source)
    prices = read_prices(wanted.prices, Calendar.from_rules(rules.clock))
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
            progress=with_total(progress, len(receipts) + len(prices.seen)),
        )
        seconds = time.perf_counter() - begun
    result = _summary("rebuilt", wanted, rebuilder.replayer, seconds)
    return (
        result
        | {"prices": len(prices.seen), "markets_without_price": rebuilder.without_price}
        | ({"price_notes": prices.notes} if prices.notes else {})
    )


def _summary(kind: str, wanted: Wanted, replayer: Replayer, seconds: float) -> Report:
    rules, tally = replayer.engine.rules, replayer.tally
    decisions = sum(tally.decisions.values())
    return {
        "source": str(wanted.source),
        "kind": kind,
        **tally.as_dict(),
        "markets_unanswered": len(replayer.unanswered),
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


EVENTS_MISSING = "the stream has no events"


_DIFFERENCES = "a row that differs can be due to that and need not be damaged"


def version_notes(compared: Comparison, source: LedgerSnapshot) -> list[str]:
    """Return notes on expected differences: other versions of the engine or of the rules."""
    others = source.other_engines()
    notes = [] if others is None else [f"{others}, which decided them again: {_DIFFERENCES}"]
    if compared.other_rules:
        notes.append("rules were added or removed since: fingerprints were not compared")
    if source.streamed_after:
        notes.append(
            f"{EVENTS_MISSING} up to input {source.streamed_after}, when the ledger was upgraded; --rebuild adds them"
            + ("" if others is None else ", and decides everything again by this version")
        )
    return notes


def with_total(progress: ProgressCallback | None, total: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda done: progress(done, total)
