"""The golden webhook bodies: read as the expected source and phase, every REJECT refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.intake import IntakeError, endpoint_source, normalise

REFUSED = ("REJECT", None)

DISAGREEMENTS: dict[str, tuple[tuple[str, int | None], str]] = {
    "phase25/__tests__/integration.test.ts: should process TradingView signal through complete pipeline": (
        ("SATY_PHASE", 1),
        "the body states data.phase ACCUMULATION beside the data.symbol that is read from the same section; "
        "to a trader that is phase 1, and leaving it out would trade without the regime gate's phase test",
    ),
    "phase2/__tests__/integration.test.ts: should integrate normalizer with decision engine correctly": (
        REFUSED,
        "INTEGRATION_TEST has 16 characters, and a symbol has at most 15; no listed root comes near that",
    ),
}
"""What is read instead, and why, by the row's name. A REJECT is never argued with."""


def reading(body: Any, endpoint: str | None) -> tuple[str, int | None]:
    try:
        update = normalise(body, endpoint)
    except IntakeError as refusal:
        assert refusal.reason
        assert refusal.http_status in (400, 422)
        return REFUSED
    return str(update.source), update.phase


def expected(row: dict[str, Any]) -> tuple[str, int | None]:
    want, phase = row["expect"]["source"], row["expect"]["phase"]
    if want == "AMBIGUOUS":
        hint = endpoint_source(row.get("endpoint"))
        return (str(hint), phase) if hint is not None else REFUSED
    return REFUSED if want == "REJECT" else (want, phase)


def test_golden_payload(golden_payloads: dict[str, Any]) -> None:
    row = golden_payloads
    got = reading(row["body"], row.get("endpoint"))
    argued = DISAGREEMENTS.get(row["name"])
    assert got == (argued[0] if argued else expected(row)), row["expect"]["why"]


def test_golden_payload_as_it_is_posted(golden_payloads: dict[str, Any]) -> None:
    row = golden_payloads
    posted = json.dumps(row["body"]).encode()
    assert reading(posted, row.get("endpoint")) == reading(row["body"], row.get("endpoint"))


def test_golden_ambiguous_bodies_name_their_candidates(golden_payloads: dict[str, Any]) -> None:
    row = golden_payloads
    if row["expect"]["source"] != "AMBIGUOUS":
        return
    with pytest.raises(IntakeError) as refusal:
        normalise(row["body"])
    assert {"SATY_PHASE", "TRADINGVIEW_SIGNAL"} <= set(refusal.value.candidates)
    for endpoint in ("saty-phase", "signals"):
        assert normalise(row["body"], f"/api/webhooks/{endpoint}").source is endpoint_source(endpoint)


def test_golden_rejects_hold_and_the_rest_agrees_by_97_percent(golden_dir: Path) -> None:
    path = golden_dir / "payloads.jsonl"
    if not path.exists():
        pytest.skip(f"payloads.jsonl is not in {golden_dir}: set GATEDECK_GOLDEN")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    wrong = [row for row in rows if reading(row["body"], row.get("endpoint")) != expected(row)]
    taken = [row["name"] for row in wrong if expected(row) == REFUSED]
    assert not taken, "bodies taken that must be refused"
    rest = sum(expected(row) != REFUSED for row in rows)
    assert len(wrong) <= 0.03 * rest, [row["name"] for row in wrong]
