"""The labelled real and constructed bodies of the reference data, each with what we make of it and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from core.intake import IntakeError, normalise, split

REFUSED_THOUGH_VALID = {
    "plot_null": "NO_DIRECTION",  # levels without a direction propose nothing
    "bool_and_arrow": "NO_DIRECTION",  # a dashboard's state, none of our sources
    "cont_future": "BAD_SYMBOL",  # ES1! has no option chain here
    "trailing_comma": "NO_SYMBOL",  # repaired, and an exit of what?
}
NOT_REPAIRED = {
    # Guessing at broken JSON could turn one trade into another: the sender is told what is accepted.
    "missing_braces": "NOT_JSON",
    "js_comment": "NOT_JSON",
    "single_quotes": "NOT_JSON",
    "form_urlencoded": "NOT_JSON",
    "pipe_text": "TEXT_NOT_JSON",
}
JUDGED_LATER = {
    "future_time",  # intake has no clock: the engine judges a stamp ahead of it
    "array",  # its items are bodies of their own
}


def test_every_labelled_case(reference: Callable[..., Path]) -> None:
    wrong = []
    for case in json.loads(reference("webhooks", "cases.json").read_text(encoding="utf-8")):
        code = None
        for item in split(case["body"].encode()):
            try:
                normalise(item)
            except IntakeError as refusal:
                code = refusal.code
        name = case["id"]
        if name in JUDGED_LATER:
            expected = code is None
        elif case["expect"] == "reject":
            expected = code is not None
        else:
            expected = code == {**REFUSED_THOUGH_VALID, **NOT_REPAIRED}.get(name)
        if not expected:
            wrong.append((name, case["expect"], code))
    assert not wrong


def test_bodies_really_received_never_break_the_reader(reference: Callable[..., Path]) -> None:
    lines = reference("webhooks", "real_log_sample.jsonl").read_text(encoding="utf-8").splitlines()
    codes = set()
    for line in lines:
        body = json.loads(line)["body"]
        try:
            normalise(body if isinstance(body, str) else json.dumps(body))
        except IntakeError as refusal:
            codes.add(refusal.code)
    assert codes == {"NO_DIRECTION"}  # dashboards' states: known symbols, no proposal
