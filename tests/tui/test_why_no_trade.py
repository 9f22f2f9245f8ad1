"""Why no trade: on the card, in a decision's detail, and the day's funnel on System."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from fake_deck import FakeDeck, record, screen_text, snapshot
from fake_why import why
from hypothesis import given
from hypothesis import strategies as st

from core.model import Action
from server.deck import Funnel, WhyNoTrade
from tui.app import DeckApp
from tui.documents.decision import decision_lines
from tui.panes.funnel import funnel_lines
from tui.widgets.line import Line, width_of

SKIPPED = snapshot(decision=record(Action.SKIP))
DAY = date(2026, 11, 24)


def text_of(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


async def shown(deck: FakeDeck, size: tuple[int, int], *keys: str) -> str:
    app = DeckApp(deck)
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.pause()
        return " ".join(screen_text(app).replace("│", " ").split())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 20)])
async def test_the_card_says_what_alone_cost_the_trade(size: tuple[int, int]) -> None:
    text = await shown(FakeDeck(SKIPPED), size)
    assert "market failed by 2.8 bps" in text
    assert "EXECUTE" in text and "71.3" in text and "(+1:" in text


async def test_the_card_of_a_trade_says_nothing_of_it() -> None:
    assert "would have been" not in await shown(FakeDeck(), (120, 40))


async def test_what_cost_the_trade_alone_comes_before_what_did_not() -> None:
    distances = tuple(reversed(why().distances))
    deck = FakeDeck(replace(SKIPPED, why_no_trade=WhyNoTrade(distances=distances)))
    assert "failed by 2.8 bps of spread" in await shown(deck, (120, 40))


async def test_a_confidence_that_counts_only_without_a_failed_gate_comes_last() -> None:
    confidence = replace(
        why().distances[0], gate="confidence", text="confidence 1.7 under 70 with every gate passed"
    )
    gate = replace(why().distances[1], gate="regime", text="Phase bias LONG is against SHORT")
    deck = FakeDeck(replace(SKIPPED, why_no_trade=WhyNoTrade(distances=(confidence, gate))))
    text = await shown(deck, (120, 40))
    assert "Phase bias LONG is" in text and "confidence 1.7" not in text


async def test_the_detail_has_every_distance_with_its_rule_and_all_together() -> None:
    text = await shown(FakeDeck(SKIPPED), (120, 60), "d")
    for words in ("Why no trade", "at 12 bps it would have been EXECUTE 71.3", "rule market.max_spread_bps",
                  "without that it would still have been SKIP 58.2 (market failed)",
                  "with all of these it would have been EXECUTE 71.3"):  # fmt: skip
        assert words in text, words


def test_an_unknown_distance_says_why() -> None:
    lines = decision_lines(
        record(Action.SKIP), 100, WhyNoTrade(unknown="its rules abc are not in the ledger")
    )
    assert "not known: its rules abc are not in the ledger" in text_of(lines)


@pytest.mark.parametrize(("size", "keys"), [((120, 40), "5"), ((80, 24), "5v"), ((200, 60), "5")])
async def test_the_funnel_goes_from_webhooks_to_what_the_trades_made(
    size: tuple[int, int], keys: str
) -> None:
    text = await shown(FakeDeck(), size, *keys)
    for words in ("Today's funnel", "webhooks 412", "signals 107", "refused 95", "SPREAD_WIDE 34", "executed 12",
                  "5 open, 4 won, 3 lost"):  # fmt: skip
        assert words in text


def test_codes_that_do_not_fit_are_counted_in_one_line() -> None:
    codes = tuple((f"CODE_{n}", 10 - n) for n in range(8))
    funnel = Funnel(day=DAY, webhooks=90, signals=60, refused=codes, executed=3, open=3)
    text = text_of(funnel_lines(funnel, 60, 9))
    assert "CODE_1" in text and "CODE_2" not in text
    assert f"{sum(10 - n for n in range(2, 8))} by other codes" in text
    assert "executed" in text and "3 open, 0 won, 0 lost" in text


def test_a_day_without_a_webhook_says_so() -> None:
    assert "no webhook today" in text_of(funnel_lines(Funnel(day=DAY), 60, 10))


@given(st.integers(20, 120), st.integers(1, 30), st.integers(0, 100_000))
def test_the_funnel_keeps_its_place(width: int, height: int, count: int) -> None:
    funnel = Funnel(
        day=DAY, webhooks=count, duplicates=count // 2, signals=count // 3, refused=(("LATE", count // 4),) * 3,
        waiting=1, executed=count // 9, won=1, net=-12.5,
    )  # fmt: skip
    lines = funnel_lines(funnel, width, height)
    assert len(lines) <= height
    assert all(width_of(line) <= width for line in lines)
