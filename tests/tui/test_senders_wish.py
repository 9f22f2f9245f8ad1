"""The strategy and the option that a sender names are seen on the deck beside what the rules chose."""

from __future__ import annotations

from dataclasses import replace

from fake_deck import record

from core.model import OptionWish
from tui.documents.decision import decision_lines
from tui.panes.decision import DecisionPane, DecisionView

NAMED = replace(record(), strategy="Trend 3", option=OptionWish(right="C", strike=465.0, expiry="2026-12-18"))


def text_of(lines: list[list[tuple[str, str]]]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


def test_the_detail_of_a_decision_shows_them() -> None:
    shown = text_of(decision_lines(NAMED, 100))
    assert "Trend 3" in shown
    assert "SPY 465 call of 2026-12-18; strike and expiry are chosen by the rules" in shown
    assert "asked for" not in text_of(decision_lines(record(), 100))


def test_the_card_shows_them_where_there_is_room() -> None:
    pane = DecisionPane()
    pane.data = DecisionView(record=NAMED, age=3, wait_at=50, execute_at=70, listener="127.0.0.1:8765")
    shown = text_of(pane.lines(38, 16))
    assert "asks for the 465 call of 2026-12-18" in shown
    assert "Trend 3" in text_of(pane.lines(70, 16))
