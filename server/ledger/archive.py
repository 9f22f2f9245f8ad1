"""An archive: whole sessions of a journal sealed in one file, with the hash of the chain before and after them.

The file is a line that names its kind, a line of JSON about what it holds, one zstandard frame, and a sha256 of all
that. The frame has lines: the engine's state before the first input, the decisions whose trades were open then, and
each input as it was hashed. Instants, kinds and hashes follow from these, so that none is stored.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import zstandard

from server.ledger.base import LedgerError
from server.ledger.chain import JournalRow, link
from server.ledger.timestamps import micros
from server.private_files import make_private_file, make_private_folder

_KIND = b"gatedeck archive 1\n"
_LEVEL = 12
_SEAL = hashlib.sha256().digest_size
_MOST = 1 << 34


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFacts:
    """The facts about an archive: exchange days, seqs, instants (ISO 8601), the chain's hashes before and after.

    ``engine_version`` is that of the program that sealed it.
    """

    engine_id: str
    engine_version: str
    days: tuple[str, ...]
    first_seq: int
    last_seq: int
    first_at: str
    last_at: str
    chain_in: str
    chain_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The contents of an archive: JSON of the state (``null`` at a journal's beginning), decisions and inputs."""

    facts: ArchiveFacts
    state: bytes
    decisions: tuple[bytes, ...]
    inputs: tuple[bytes, ...]

    def rows(self) -> list[JournalRow]:
        """Return the inputs as journal rows, hashed from ``chain_in`` on. Raises ValueError for what is no input."""
        head, rows = bytes.fromhex(self.facts.chain_in), []
        for n, payload in enumerate(self.inputs):
            at, kind = _when_and_what(payload)
            head = link(head, self.facts.first_seq + n, at, kind, payload)
            rows.append(JournalRow(self.facts.first_seq + n, at, kind, payload, head))
        return rows


def _when_and_what(payload: bytes) -> tuple[int, str]:
    event: dict[str, Any] = orjson.loads(payload)
    return micros(datetime.fromisoformat(event["at"])), event["kind"]


def is_archive(path: Path) -> bool:
    """Return whether a file is an archive. Raises LedgerError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(_KIND)) == _KIND
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from error


def write_archive(path: Path, archive: Archive) -> None:
    """Write an archive under its name once it is on disk whole and reads back. Raises LedgerError."""
    if path.exists():
        raise LedgerError(f"{path}: exists already")
    fresh = path.with_name(path.name + ".partial")
    try:
        make_private_folder(path.parent)
        fresh.unlink(missing_ok=True)
        make_private_file(fresh)
        with fresh.open("wb") as file:
            file.write(_bytes_of(archive))
            file.flush()
            os.fsync(file.fileno())
        found = read_archive(fresh)
        if found != archive or found.rows()[-1].hash.hex() != archive.facts.chain_out:
            raise LedgerError(f"{path}: it did not read back as it was written")
        fresh.rename(path)
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)


def _bytes_of(archive: Archive) -> bytes:
    lines = (archive.state, b"%d" % len(archive.decisions), *archive.decisions, *archive.inputs)
    frame = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(b"\n".join(lines))
    data = b"".join((_KIND, orjson.dumps(asdict(archive.facts)), b"\n", frame))
    return data + hashlib.sha256(data).digest()


def read_facts(path: Path) -> ArchiveFacts:
    """Return what an archive says that it holds, without checking it. Raises LedgerError."""
    try:
        with path.open("rb") as file:
            if file.readline() != _KIND:
                raise LedgerError(f"{path}: not an archive of this version")
            return _facts(file.readline())
    except (OSError, ValueError, TypeError) as error:
        raise LedgerError(f"{path}: {error}") from error


def read_archive(path: Path) -> Archive:
    """Return the contents of an archive. Raises LedgerError when one byte of it was changed or is missing."""
    try:
        data = path.read_bytes()
        if not data.startswith(_KIND):
            raise LedgerError(f"{path}: not an archive of this version")
        if hashlib.sha256(data[:-_SEAL]).digest() != data[-_SEAL:]:
            raise LedgerError(
                f"{path}: the archive was changed or cut off since it was sealed: its hash is wrong"
            )
        line, _, frame = data[len(_KIND) : -_SEAL].partition(b"\n")
        text = zstandard.ZstdDecompressor().decompress(frame, max_output_size=_MOST)
        state, count, *rest = text.split(b"\n")
        return Archive(
            facts=_facts(line),
            state=state,
            decisions=tuple(rest[: int(count)]),
            inputs=tuple(rest[int(count) :]),
        )
    except (OSError, ValueError, TypeError, zstandard.ZstdError) as error:
        raise LedgerError(f"{path}: {error}") from error


def _facts(line: bytes) -> ArchiveFacts:
    values = orjson.loads(line)
    return ArchiveFacts(**values | {"days": tuple(values["days"])})


def follow_faults(archives: Sequence[tuple[Path, ArchiveFacts]]) -> list[str]:
    """Return where an archive does not go on from the one before it."""
    faults = []
    for (before, one), (after, other) in pairwise(archives):
        if (other.first_seq, other.chain_in, other.engine_id) != (
            one.last_seq + 1,
            one.chain_out,
            one.engine_id,
        ):
            faults.append(
                f"{after.name} does not follow {before.name}: seq {other.first_seq} after {one.last_seq}"
            )
    return faults
