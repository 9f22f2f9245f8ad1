"""`gatedeck run --db postgresql://…` as its own process: killed, refused beside another, and its server stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from core.model import Source
from tests.server.ledger.databases import Cluster, new_cluster

pytest.importorskip("psycopg", reason="the postgres extra is not installed")
pytestmark = pytest.mark.slow

SIGNAL, SATY = Source.TRADINGVIEW_SIGNAL, Source.SATY_PHASE


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with new_cluster() as made:
        yield made


def until(served: Any, path: str, status: int) -> Any:
    """Ask until the status comes; return the answer."""
    end = time.monotonic() + 20
    while (answer := served.http(path)).status != status:
        assert time.monotonic() < end, answer
        time.sleep(0.1)
    return answer


def test_an_engine_lives_in_a_database(gatedeck: Any, cluster: Cluster) -> None:
    served = gatedeck.serve("--db", cluster.url)
    told = served.send(SIGNAL, "QQQ")
    assert told["decision"]["action"] == "EXECUTE"
    position = told["decision"]["position_id"]
    receipts = [r["id"] for r in served.all("/api/receipts")]

    # A second one of the same id is refused with the name of the first; one of another id is not.
    code, _, err = gatedeck("run", "--headless", "--port", "0", "--db", cluster.url)
    assert code == 2 and f"process {served.process.pid} on " in err and "(engine gatedeck)" in err
    other = gatedeck.serve("--db", cluster.url, "--engine-id", "desk-2")
    assert other.all("/api/receipts") == []
    assert other.end() == 0

    # The server is stopped and started: 503 meanwhile, and it goes on without a restart.
    cluster.stop()
    down = until(served, "/readyz", 503)
    assert "nothing can be stored" in down.text
    assert served.http("/api/webhooks", served.body(SATY)).status == 503
    cluster.start()
    until(served, "/readyz", 200)
    receipts.append(served.send(SATY)["receipt_id"])
    assert [p["id"] for p in served.all("/api/positions")] == [position]

    # Killed at any instant, the next start has all of it and opens nothing twice.
    served.end(signal.SIGKILL)
    again = gatedeck.serve("--db", cluster.url, "--clock", f"{served_at(gatedeck, cluster)}")
    assert set(receipts) <= {r["id"] for r in again.all("/api/receipts")}
    assert [p["id"] for p in again.all("/api/positions")] == [position]
    assert again.end() == 0
    for command in (("verify",), ("report",), ("export", "--what", "decisions"), ("rules", "show")):
        code, out, err = gatedeck(*command, "--db", cluster.url)
        assert code == 0 and out, (command, err)


def served_at(gatedeck: Any, cluster: Cluster) -> str:
    """Return an instant after the last input, for the next start."""
    from server.ledger.address import DatabaseLedger
    from server.ledger.history import last_input_at
    from server.ledger.snapshot import LedgerSnapshot

    with LedgerSnapshot(DatabaseLedger(cluster.url, "gatedeck")) as ledger:
        at = last_input_at(ledger)
    assert at is not None
    return f"{at:%Y-%m-%dT%H:%M}:59Z"
