"""Texts and numbers that PostgreSQL's jsonb would refuse or reorder are stored and shown as in a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.effects import StoreDecision
from server.ledger.address import DatabaseLedger
from server.ledger.compare import compare
from server.ledger.migrate import migrate
from server.ledger.opened_by_address import open_to_write
from server.ledger.snapshot import LedgerSnapshot

pytest.importorskip("psycopg", reason="the postgres extra is not installed")


async def test_odd_values_in_evidence_are_shown_alike(
    database: DatabaseLedger, make: Any, tmp_path: Path
) -> None:
    """What no body gets through to evidence today is stored too, as the ledger is given it."""
    event, (receipt, decided) = make.decided(1)
    gates = decided.record.verdict.gates
    evidence = {
        "zz": "a\0b",
        "aa": {"é": 10**18, "b": 5e-324, "\0": -0.0, "": 1.0},
        "m": ("\U0001f600", "\uf8ff"),
    }
    gate = replace(gates.market, evidence=evidence)
    verdict = replace(decided.record.verdict, gates=replace(gates, market=gate))
    told = replace(receipt, reason="a\0b", notes=("c\0d",))
    effects = (told, StoreDecision(record=replace(decided.record, verdict=verdict)))
    file, back, shown = tmp_path / "file.db", tmp_path / "back.db", []
    for address in (file, database):
        ledger = await open_to_write(address, "engine-1")
        await ledger.commit([(event, effects)])
        item, kept = await ledger.decision(make.id(1, "decision")), await ledger.receipt(make.id(1))
        assert item is not None and kept is not None
        assert [*item["decision_breakdown"]["gates"]["market"]["evidence"]] == ["zz", "aa", "m"]
        shown.append((json.dumps(item), kept["notes"], kept["reason"].replace("\0", "\ufffd")))
        await ledger.close()
    assert shown[0] == shown[1] and "a\\u0000b" in shown[1][0]
    migrate(database, back)
    with LedgerSnapshot(file) as one:
        for other in (database, back):
            with LedgerSnapshot(other) as two:
                assert compare(one, two).equal == compare(two, one).equal is True
