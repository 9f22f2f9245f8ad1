"""A ledger of some sessions with good and bad signals, and databases for a study."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from core.events import PriceSeen
from core.exchange.calendar import Calendar
from server.ledger.bulk import BulkLedger
from server.replay.rebuilt import ENGINE_ID, replay_receipts
from server.replay.sources import Prices, Receipt

SESSIONS = 9
SERVER = os.environ.get("GATEDECK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prices swing; signals with a score of 9.5 come before a rise, those with 7 before a fall. All are LONG."""
    calendar = Calendar.load()
    first = datetime(2026, 9, 8, tzinfo=UTC).date()
    receipts: list[Receipt] = []
    prices: list[PriceSeen] = []
    for day in (calendar.sessions_after(first, n) for n in range(1, SESSIONS + 1)):
        for bar in range(1, 79):
            at = day.open + timedelta(minutes=5 * bar)
            level = [660 + 5 * math.sin((bar - back) / 6) for back in (1, 0)]
            prices.append(
                PriceSeen(
                    seq=0, at=at, symbol="SPY", price=level[1], priced_at=at, source="bars",
                    open=level[0], high=max(level) + 0.05, low=min(level) - 0.05,
                )
            )  # fmt: skip
            phase = bar / 6 % (2 * math.pi)
            rising, falling = abs(phase - 1.5 * math.pi) < 0.1, abs(phase - 0.5 * math.pi) < 0.1
            if rising or falling:
                body = {
                    "ticker": "SPY", "direction": "LONG", "timeframe": "15", "price": level[1],
                    "score": 9.5 if rising else 7.0, "id": f"{day.date}-{bar}",
                }  # fmt: skip
                receipts.append(Receipt(at + timedelta(seconds=5), json.dumps(body), "signals"))
    path = tmp_path_factory.mktemp("past") / "past.db"
    text = (
        "[confidence]\nexecute_at = 60\n[context]\nlevel_passed_fraction = 0.9\n[risk]\ndaily_loss = 50000\n"
    )
    with BulkLedger(path, ENGINE_ID) as out:
        replay_receipts(receipts, Prices(prices, {}), rules_text=text, output=out)
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'study.db'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A database of its own on a server, thrown away afterwards; skips without a server."""
    psycopg = pytest.importorskip("psycopg", reason="the tune extra is not installed")
    try:
        server = psycopg.connect(SERVER, connect_timeout=2, autocommit=True)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {SERVER}: {error}")
    name = f"gatedeck_test_{uuid4().hex[:12]}"
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{SERVER.rpartition('/')[0]}/{name}"
    finally:
        with server.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.close()
