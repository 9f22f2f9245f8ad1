"""The bodies over which the properties of intake are tested: own tables, golden payloads, reference data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.intake import IntakeError, normalise, sample
from core.intake.body import open_body
from core.model import Direction, Intent, Source, Update
from tests.core.intake.test_intents import BASE, ENTRIES, OPTIONS, REQUESTS
from tests.core.intake.test_platforms import SAID, WHOLE
from tests.core.intake.test_values import BASE as LEVEL_BASE
from tests.core.intake.test_values import LEVELS

NOW = datetime(2026, 11, 24, 15, 5, tzinfo=UTC)
OWN: list[dict[str, Any]] = [
    *({**BASE, **said} for said, _ in ENTRIES),
    *({**BASE, **said} for said, _ in OPTIONS),
    *({**BASE, **said} for said, intent, _ in REQUESTS if intent is Intent.ENTRY),
    *({**LEVEL_BASE, **said} for said, _ in LEVELS),
    *({**BASE, **said} for expected, said in SAID if expected.startswith("ENTRY")),
    *(body for expected, body in WHOLE if expected.startswith("ENTRY") and isinstance(body, dict)),
    *(sample(source, NOW, "SPY", 660.0, side) for source in Source for side in Direction),
]
"""Bodies of our tables that propose a trade, and a sample of each source."""


def read(body: dict[str, Any]) -> Update | None:
    """Return the update of a body posted to the endpoint of signals, ``None`` for a refusal."""
    try:
        return normalise(body, "/api/webhooks/signals")
    except IntakeError:
        return None


def golden() -> Iterator[dict[str, Any]]:
    """Yield the golden payloads that can be opened."""
    path = Path(__file__).parents[2] / "golden" / "payloads.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        yield from _opened(json.loads(line)["body"])


def recorded() -> Iterator[dict[str, Any]]:
    """Yield the bodies of the reference data that can be opened; none where the folder is not there."""
    folder = Path(os.environ.get("GATEDECK_REFERENCE", "absent"))
    for path in sorted((folder / "field" / "webhooks").glob("*.json")):
        yield from _opened(json.loads(path.read_text(encoding="utf-8"))["body"])
    cases = folder / "webhooks" / "cases.json"
    for case in json.loads(cases.read_text(encoding="utf-8")) if cases.exists() else []:
        yield from _opened(case["body"])


def _opened(body: Any) -> Iterator[dict[str, Any]]:
    try:
        yield open_body(body, [])[0]
    except IntakeError:
        return
