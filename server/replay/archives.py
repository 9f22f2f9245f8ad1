"""Seal the sessions of a ledger in archives, verify them, and make a ledger of one again to read it.

An archive holds the engine's state before its first input, so that its days are replayed alone: every table of them
is made from the inputs as it was when they arrived.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from core.effects import Effect, ShadowStatus, StoreDecision, StoreShadow, StoreTrade
from core.engine import Engine
from core.engine.state import EngineState
from core.from_json import read_json
from core.model import ENGINE_VERSION, DecisionRecord
from server.ledger.address import LedgerAddress
from server.ledger.archive import (
    Archive,
    ArchiveFacts,
    follow_faults,
    is_archive,
    read_archive,
    read_facts,
    write_archive,
)
from server.ledger.base import LedgerError
from server.ledger.bulk import BulkLedger
from server.ledger.chain import GENESIS, JournalRow
from server.ledger.codec import decode, encode_any
from server.ledger.history import decision_record, first_input_of, last_input_at
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import exchange_day, iso, micros
from server.replay.machine import ReplayError
from server.replay.session import ProgressCallback, Report

SUFFIX = ".archive"
_EXCHANGE = ZoneInfo("America/New_York")


def archive_sessions(
    address: LedgerAddress,
    folder: Path,
    before: date | None = None,
    progress: ProgressCallback | None = None,
) -> list[Path]:
    """Seal each exchange day of a ledger that is over, and before a day if one is given; return the new archives.

    A day that has an archive in the folder is left. Raises LedgerError and ReplayError.
    """
    name = address.stem if isinstance(address, Path) else address.engine_id
    with LedgerSnapshot(address) as ledger:
        last = last_input_at(ledger)
        if last is None:
            return []
        over = max(
            datetime.now(UTC).astimezone(_EXCHANGE).date(), date.fromisoformat(exchange_day(micros(last)))
        )
        end = first_input_of(ledger, _midnight(over if before is None else min(before, over)))
        return list(_seal(ledger, name, folder, end, progress))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _EXCHANGE)


def _seal(
    ledger: LedgerSnapshot, name: str, folder: Path, end: int, progress: ProgressCallback | None
) -> Iterator[Path]:
    engine, head, sealed = _resume(ledger, name, folder)
    rows: list[JournalRow] = []
    state, state_head = encode_any(engine.state) if sealed else b"null", head
    for row in ledger.journal_rows(engine.state.seq, end - 1):
        day = exchange_day(row.at)
        if rows and day != exchange_day(rows[-1].at):
            yield _write(ledger, name, folder, state, state_head, rows)
            rows, state, state_head = [], encode_any(engine.state), rows[-1].hash
        try:
            engine.step(decode(row.payload))
        except Exception as error:
            raise ReplayError(f"input {row.seq} cannot be replayed: {error}") from error
        rows.append(row)
        if progress is not None:
            progress(row.seq, end - 1)
    if rows:
        yield _write(ledger, name, folder, state, state_head, rows)


def _resume(ledger: LedgerSnapshot, name: str, folder: Path) -> tuple[Engine, bytes, bool]:
    """Return the engine after the newest archive of the ledger in the folder, and the hash of its last input."""
    archives = []
    for file in folder.glob(f"{name}-*{SUFFIX}"):
        with suppress(LedgerError):
            facts = read_facts(file)
            if ledger.hash_at(facts.last_seq) == bytes.fromhex(facts.chain_out):
                archives.append((facts.last_seq, file))
    if not archives:
        return Engine(engine_id=ledger.engine_id), GENESIS, False
    archive = read_archive(max(archives)[1])
    engine = _engine(archive)
    for row in archive.rows():
        engine.step(decode(row.payload))
    return engine, bytes.fromhex(archive.facts.chain_out), True


def _engine(archive: Archive) -> Engine:
    if archive.state == b"null":
        return Engine(engine_id=archive.facts.engine_id)
    return Engine(read_json(EngineState, archive.state), archive.facts.engine_id)


def _write(
    ledger: LedgerSnapshot, name: str, folder: Path, state: bytes, head: bytes, rows: Sequence[JournalRow]
) -> Path:
    day = exchange_day(rows[0].at)
    before = None if state == b"null" else read_json(EngineState, state)
    decisions = [] if before is None else _decisions(ledger, before)
    facts = ArchiveFacts(
        engine_id=ledger.engine_id,
        engine_version=ENGINE_VERSION,
        days=(day,),
        first_seq=rows[0].seq,
        last_seq=rows[-1].seq,
        first_at=str(iso(rows[0].at)),
        last_at=str(iso(rows[-1].at)),
        chain_in=head.hex(),
        chain_out=rows[-1].hash.hex(),
    )
    target = folder / f"{name}-{day}{SUFFIX}"
    inputs = tuple(row.payload for row in rows)
    write_archive(target, Archive(facts=facts, state=state, decisions=tuple(decisions), inputs=inputs))
    return target


def _decisions(ledger: LedgerSnapshot, state: EngineState) -> Iterator[bytes]:
    """Yield the decisions of the trades and shadow trades that are open in a state, oldest first."""
    held = {position.decision_id for position in (*state.positions.values(), *state.shadows.values())}
    found = [record for key in held if (record := decision_record(ledger, key)) is not None]
    for record in sorted(found, key=lambda each: (each.seq, each.id)):
        yield encode_any(record)


def _carried(archive: Archive) -> Iterator[Effect]:
    """Yield what stores the trades that were open before the first input, as they were then."""
    if archive.state == b"null":
        return
    state = read_json(EngineState, archive.state)
    for text in archive.decisions:
        yield StoreDecision(record=read_json(DecisionRecord, text))
    for position in state.positions.values():
        yield StoreTrade(position=position)
    for shadow in state.shadows.values():
        yield StoreShadow(position=shadow, status=ShadowStatus.OPEN)


def verify_archives(paths: Sequence[Path], progress: ProgressCallback | None = None) -> Report:
    """Check archives: the seal of each, its chain, that its inputs replay, and that each goes on from the one before.

    The state after an archive is compared with the one that the next begins with. Raises LedgerError when a file is
    no archive.
    """
    problems: list[str] = []
    notes: list[str] = []
    held: list[tuple[Path, ArchiveFacts]] = []
    after: bytes | None = None
    inputs = 0
    for path in sorted(paths, key=lambda each: _first_seq(each)):
        try:
            archive = read_archive(path)
            rows = archive.rows()
        except (LedgerError, ValueError, KeyError, TypeError) as error:
            problems.append(str(error))
            after = None
            continue
        facts = archive.facts
        if not rows or (rows[-1].seq, rows[-1].hash.hex()) != (facts.last_seq, facts.chain_out):
            problems.append(
                f"{path.name}: its inputs do not make the hash {facts.chain_out} of seq {facts.last_seq}"
            )
        follows = follow_faults([*held[-1:], (path, facts)])
        problems += follows
        if after is not None and not follows and after != archive.state:
            notes.append(f"{path.name} begins with another state than the archive before it ends with")
        if facts.engine_version != ENGINE_VERSION:
            notes.append(
                f"{path.name}: sealed by engine {facts.engine_version}, replayed by {ENGINE_VERSION}"
            )
        held.append((path, facts))
        inputs += len(rows)
        after = _replayed(path, archive, rows, problems, progress)
    return {
        "archives": [f"{path.name}: {', '.join(facts.days)}, seq {facts.first_seq}–{facts.last_seq}"
                     for path, facts in held],
        "ok": not problems,
        "inputs": inputs,
        "chain_in": held[0][1].chain_in if held else None,
        "chain_out": held[-1][1].chain_out if held else None,
        "problems": problems,
        "notes": notes,
    }  # fmt: skip


def _first_seq(path: Path) -> int:
    try:
        return read_facts(path).first_seq
    except LedgerError:
        if is_archive(path):
            return 0
        raise


def _replayed(
    path: Path,
    archive: Archive,
    rows: Sequence[JournalRow],
    problems: list[str],
    progress: ProgressCallback | None,
) -> bytes | None:
    """Return the state after an archive's inputs, ``None`` when they cannot be replayed, which is a problem."""
    try:
        engine = _engine(archive)
        for row in rows:
            engine.step(decode(row.payload))
            if progress is not None:
                progress(row.seq - archive.facts.first_seq, len(rows))
    except Exception as error:
        problems.append(f"{path.name}: it cannot be replayed: {error}")
        return None
    return encode_any(engine.state)


@contextmanager
def as_ledger(path: LedgerAddress) -> Iterator[LedgerAddress]:
    """Yield a ledger's own address; of an archive, or a folder of them, that of a ledger made for the block.

    The archives of a folder must follow one another. Raises LedgerError.
    """
    archives = _archives_at(path)
    if not archives:
        yield path
        return
    first = read_archive(archives[0])
    with tempfile.TemporaryDirectory(prefix="gatedeck-archive-") as folder:
        target = Path(folder) / f"{archives[0].stem if len(archives) == 1 else path.name}.db"
        engine, facts = _engine(first), first.facts
        with BulkLedger(
            target, facts.engine_id, after=(facts.first_seq - 1, bytes.fromhex(facts.chain_in))
        ) as out:
            out.carry(_carried(first))
            for archive in (first, *map(read_archive, archives[1:])):
                for row in archive.rows():
                    event = decode(row.payload)
                    out.copy(row, event, engine.step(event))
            out.finish()
        yield target


def _archives_at(path: LedgerAddress) -> list[Path]:
    """Return the archive at a path, or those of a folder in the order of their inputs; none for a ledger."""
    if not isinstance(path, Path) or not path.exists():
        return []
    if not path.is_dir():
        return [path] if is_archive(path) else []
    found = sorted((read_facts(each).first_seq, each) for each in path.glob(f"*{SUFFIX}"))
    if not found:
        raise LedgerError(f"{path}: a folder without archives; gatedeck archive {path} makes them")
    archives = [each for _, each in found]
    if faults := follow_faults([(each, read_facts(each)) for each in archives]):
        raise LedgerError(f"{path}: its archives cannot be read as one: {'; '.join(faults)}")
    return archives
