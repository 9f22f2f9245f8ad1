"""One flipped byte anywhere in a ledger's files: verify finds it, or not one row of any table is another.

A byte that holds no data (a free page, a hole within a page) may be flipped without a word.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from server.ledger.base import LedgerError
from server.ledger.connection import open_file
from server.ledger.rows import DERIVED
from server.replay.verify import verify_ledger
from tests.server.replay.conftest import SUFFIXES

TABLES = ("journal", *DERIVED, "checkpoints")


def rows(ledger: Path) -> dict[str, Any]:
    with closing(open_file(ledger)) as c:
        c.text_factory = bytes
        found: dict[str, Any] = {t: c.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in TABLES}
        # When an engine began to write, and after which input an older version's events end, is for the eye.
        found["meta"] = c.execute("SELECT value FROM meta WHERE key = 'engine_id'").fetchall()
        return found


def flip(killed: Path, into: Path, rng: random.Random) -> tuple[Path, str]:
    """Copy the files with one byte flipped; return the ledger and which byte it is."""
    into.mkdir()
    for suffix in SUFFIXES:
        shutil.copy(f"{killed}{suffix}", into / f"ledger.db{suffix}")
    sizes = [Path(f"{killed}{suffix}").stat().st_size for suffix in SUFFIXES]
    suffix = rng.choices(SUFFIXES, [sizes[0], sizes[1], sizes[1] / 20])[0]
    file = into / f"ledger.db{suffix}"
    data = bytearray(file.read_bytes())
    at, bits = rng.randrange(len(data)), rng.randrange(1, 256)
    data[at] ^= bits
    file.write_bytes(data)
    return into / "ledger.db", f"ledger.db{suffix} byte {at} xor {bits}"


def told_of(ledger: Path) -> list[str]:
    """Everything that verify says of a fault."""
    try:
        found = verify_ledger(ledger)
    except LedgerError as error:
        return [str(error)]
    faults = [*found["problems"], *found["differences"], *found["notes"]]
    return faults if found["chain"] is None else [found["chain"], *faults]


def try_flips(killed: Path, folder: Path, seed: int, count: int) -> Counter[str]:
    whole, outcomes = rows(killed), Counter[str]()
    rng = random.Random(seed)
    for n in range(count):
        ledger, which = flip(killed, folder / str(n), rng)
        if told := told_of(ledger):
            outcomes["found"] += 1
            assert all(told), which
        else:
            outcomes["holds no data"] += 1
            assert rows(ledger) == whole, f"{which} was missed"
        shutil.rmtree(ledger.parent)
    return outcomes


def test_a_killed_ledger_is_sound(killed: Path, tmp_path: Path) -> None:
    ledger, _ = flip(killed, tmp_path / "it", random.Random(1))
    for suffix in SUFFIXES:
        shutil.copy(f"{killed}{suffix}", f"{ledger}{suffix}")
    assert verify_ledger(ledger)["ok"] and not told_of(ledger)


def test_a_flipped_byte_is_found_wherever_it_is(killed: Path, tmp_path: Path) -> None:
    print(dict(try_flips(killed, tmp_path, seed=7, count=25)))


@pytest.mark.slow
def test_hundreds_of_flipped_bytes_are_found(killed: Path, tmp_path: Path) -> None:
    print(dict(try_flips(killed, tmp_path, seed=2026, count=400)))
