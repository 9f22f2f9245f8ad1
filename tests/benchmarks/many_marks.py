"""Millions of marks in a database: those of a ledger again and again, five positions at a time, one each 30 s."""

from __future__ import annotations

from typing import Any

from server.ledger.mark_store import marks_by_position
from server.ledger.snapshot import LedgerSnapshot

TOGETHER, EACH = 5, 2_000
"""Positions that are open at once, and the marks of each."""
_SEEDS = 4_000
_FILL = """
INSERT INTO marks (position_id, at, payload)
SELECT 'many-' || period || '-' || place,
       timestamptz '2016-01-04' + (period * interval '18 hours') + (minute * interval '30 seconds'), s.payload
FROM generate_series(%s::int, %s::int - 1) AS period CROSS JOIN generate_series(0, %s::int - 1) AS minute
CROSS JOIN generate_series(0, %s::int - 1) AS place JOIN seeds s ON s.n = (period * 7 + minute * 5 + place) %% %s::int
"""


def add_marks(connection: Any, source: LedgerSnapshot, wanted: int, *, at_once: int = 200_000) -> list[str]:
    """Add marks to a ledger's tables with a connection of the database; return the ids of some of their positions."""
    from server.ledger.compressed import compress

    texts = [mark.text for mark, _ in zip(marks_by_position(source.query), range(_SEEDS), strict=False)]
    seeds = [
        (n, stored if isinstance(stored := compress(text), bytes) else stored.encode())
        for n, text in enumerate(texts)
    ]
    connection.execute("CREATE TEMP TABLE seeds (n int PRIMARY KEY, payload bytea)")
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO seeds VALUES (%s, %s)", seeds)
    periods, step = -(-wanted // (TOGETHER * EACH)), max(1, at_once // (TOGETHER * EACH))
    for first in range(0, periods, step):
        last = min(first + step, periods)
        connection.execute(_FILL, (first, last, EACH, TOGETHER, len(seeds)))
    connection.execute("ANALYZE marks")
    return [
        f"many-{period}-{place}" for period in (0, periods // 2, periods - 1) for place in (0, TOGETHER - 1)
    ]
