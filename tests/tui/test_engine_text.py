"""The engine's sentences and facts in the deck's words, and that one number format holds on every screen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from fake_deck import FakeDeck, approval, screen_text, snapshot

from core.decision.phases import PHASE_NAMES
from tui import fmt
from tui.app import DeckApp
from tui.dialogs import base
from tui.engine_text import PHASES, format_evidence, told

CONTINENTAL = "1 234,56"


@pytest.fixture
def continental() -> Iterator[None]:
    fmt.use_numbers(CONTINENTAL)
    yield
    fmt.use_numbers("")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Spread too wide (14.8 bps > 12)", "Spread too wide (14,8 bps > 12)"),
        ("net +1,007.10, 3 left at $2.05.", "net +1\u00a0007,10, 3 left at $2,05."),
        ("by 20,411 inputs", "by 20\u00a0411 inputs"),
        ("NVDA 182.5C 11/27 is the contract", "NVDA 182.5C 11/27 is the contract"),
        ("http://127.0.0.1:8787, engine 0.1.0", "http://127.0.0.1:8787, engine 0.1.0"),
        ("at 15:40:00, q .0002, 1-2-2 revstrat", "at 15:40:00, q .0002, 1-2-2 revstrat"),
        ("Confidence 74.3 ≥ 70", "Confidence 74,3 ≥ 70"),
    ],
)
def test_numbers_of_a_sentence(text: str, shown: str, continental: None) -> None:
    assert told(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "QQQ 611C is SHORT, phase 1 no longer allows it",
            "QQQ 611C is SHORT, phase ACCUMULATION no longer allows it",
        ),
        ("Phase 4 MARKDOWN does not allow LONG", "Phase 4 MARKDOWN does not allow LONG"),
        ("phase 7, phase 12", "phase 7, phase 12"),
        ("net +1,007.10", "net +1,007.10"),
    ],
)
def test_a_phase_is_named(text: str, shown: str) -> None:
    assert told(text) == shown


def test_phases_have_the_names_of_the_decision() -> None:
    assert {number: name.split()[-1] for number, name in PHASE_NAMES.items()} == PHASES


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"phase": 2, "confidence": 82.0}, "phase MARKUP, confidence 82"),
        ({"bullish_pct": 33.333, "spread_bps": 3.1}, "bullish 33.33 %, spread 3.1 bps"),
        ({"setup_valid": True, "price": 6512.5, "bias": None}, "setup valid yes, price 6,512.5, bias –"),
        ({"states": {"3": "SHORT"}, "assumed": ("depth_score",)}, "states (3 SHORT), assumed depth score"),
        ({"phase": None}, "phase –"),
    ],
)
def test_facts(facts: Mapping[str, object], text: str) -> None:
    assert format_evidence(facts) == text


def test_a_time_of_another_day_has_its_date() -> None:
    at = datetime(2026, 11, 24, 17, 40, tzinfo=UTC)
    fmt.use_day(at)
    assert fmt.moment(at) == "12:40:00"
    assert fmt.moment(at - timedelta(days=1)) == "23 Nov 12:40"
    assert fmt.moment(at - timedelta(days=1), zone=True) == "23 Nov 12:40 ET"
    assert not fmt.use_day(at + timedelta(hours=2))
    assert fmt.use_day(at + timedelta(hours=12)), "the exchange's midnight"
    assert fmt.moment(at) == "24 Nov 12:40"


POINT = re.compile(r"(?<![\w.:/])\d+\.\d+(?![\w.]|:\d)")
"""A number with a decimal point; names as 182.5C and addresses are none."""
SENDERS_OWN = re.compile(r'"(?:ai_score|close|price)": |Type as "')
"""Lines that show a body as it was sent, or what to type."""
SCREENS = ("1", "2", "3", "4", "5", "6")
ABOVE = ("enter", "d", "i", "E", "W", "m", "x")


@pytest.mark.parametrize("screens", [("1", "5"), pytest.param(SCREENS, marks=pytest.mark.slow)])
async def test_the_number_format_holds_everywhere(
    screens: tuple[str, ...], continental: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)
    app = DeckApp(FakeDeck(snapshot(approvals=(approval(),))), refresh_hz=0.01)
    found: dict[str, str] = {}
    async with app.run_test(size=(160, 60)) as pilot:
        app.appearance.next_number_format()
        for screen in screens:
            for keys in ((screen,), *((screen, key) for key in ABOVE)):
                await pilot.press(*keys)
                await pilot.pause()
                for line in screen_text(app).splitlines():
                    if not SENDERS_OWN.search(line) and (seen := POINT.search(line)):
                        found.setdefault(line.strip(), f"{keys}: {seen[0]}")
                while len(app.screen_stack) > 2 or app.screen.is_modal:
                    await pilot.press("escape")
    assert not found, "\n".join(f"{where} in {line}" for line, where in found.items())
