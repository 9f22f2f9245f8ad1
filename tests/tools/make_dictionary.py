"""Train the dictionary of compressed ledger columns: ``python tests/tools/make_dictionary.py LEDGER... OUT``.

The ledgers are demo sessions of several seeds (``gatedeck demo --headless --speed max --seconds 390 --db FILE
--seed N``), written with another engine than the one that will use the dictionary or the same. A dictionary that was
shipped must never be written again: give the new one the next number in ``server/ledger/compressed.py``.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from pathlib import Path

import zstandard

from server.ledger.compressed import COLUMNS, expand

SIZE = 64 * 1024
SAMPLES = 1_500
"""Rows of each column and ledger that are looked at."""


def main(*given: str) -> None:
    *ledgers, out = given
    chosen = random.Random(1)
    samples: list[bytes] = []
    for ledger in ledgers:
        connection = sqlite3.connect(ledger)
        for table, columns in COLUMNS.items():
            for column in columns:
                rows = [
                    expand(row[0]) for row in connection.execute(f"SELECT {column} FROM {table}") if row[0]
                ]
                samples += chosen.sample(rows, min(SAMPLES, len(rows)))
    number = int(Path(out).stem.rpartition("-")[2])
    trained = zstandard.train_dictionary(SIZE, samples, dict_id=number)
    Path(out).write_bytes(trained.as_bytes())
    print(f"{out}: {len(trained.as_bytes())} bytes from {len(samples)} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
