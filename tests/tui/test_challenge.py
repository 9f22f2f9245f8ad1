"""The challenger on the Learning screen: seen, started, adopted and retired by keys, and never by accident."""

from __future__ import annotations

from typing import Any

import pytest
from fake_deck import FakeDeck, screen_text
from test_reports import at, settled

from tui.dialogs.challenge import ChallengeDialog, ChallengeQuestion

SIZES = [(80, 24), (120, 40), (200, 60), (60, 20)]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_size_says_that_one_runs_and_shows_it(size: tuple[int, int]) -> None:
    async with at("4", FakeDeck(challenges=15), size) as (app, pilot):
        assert " Challenger " in screen_text(app) and "a session, n 14, ≈ 37 more sessions" in screen_text(
            app
        )
        assert "help" in screen_text(app).splitlines()[-1]
        for _ in range(2 if "-short" in app.screen.classes or "-phone" in app.screen.classes else 1):
            await pilot.press("v")
            await settled(pilot)
        text = screen_text(app)
        sides = (
            ("in force 30 trades, 1 open, +$61.12", "challenger 45 trades, 0 open, +$427.62")
            if size[0] < 76
            else ("in force   defaults 9c1f0a", "challenger wider 41ab77")
        )
        for words in (*sides, "needs ≈ 37 more sessions"):
            assert words in text, words
        assert "What gates kept out" not in text
        assert "help" in text.splitlines()[-1]


async def test_without_one_the_screen_says_how_to_start_one_and_has_no_line() -> None:
    async with at("4", FakeDeck(signals=0)) as (app, pilot):
        assert "Challenger" not in screen_text(app)
        await pilot.press("t")
        await settled(pilot)
        assert isinstance(app.screen, ChallengeDialog)
        assert "gatedeck challenge FILE starts one" in screen_text(app)


async def test_a_key_shows_all_sessions_and_what_is_over() -> None:
    async with at("4", FakeDeck(challenges=15), (120, 40)) as (app, pilot):
        await pilot.press("t")
        await settled(pilot)
        text = screen_text(app)
        for words in (
            "30 trades, 1 open",
            "changed rules: market.max_spread_bps 12 → 14",
            "On paper",
            "over: small",
        ):
            assert words in text, words
        assert text.count("2/3") == 15


# key | what is asked | verb | command and argument
ENDS = [
    ("O", "Adopt the challenger?", ("adopt_challenger", "ch-1")),
    ("R", "Retire the challenger?", ("retire_challenger", "ch-1")),
]


@pytest.mark.parametrize(("key", "asked", "command"), ENDS)
async def test_it_is_ended_only_by_another_key_after_what_is_known(
    key: str, asked: str, command: tuple[str, str]
) -> None:
    deck = FakeDeck(challenges=15)
    async with at("4", deck) as (app, pilot):
        for answer, sent in (("escape", []), ("y", [command])):
            await pilot.press(key)
            await settled(pilot)
            assert isinstance(app.screen, ChallengeQuestion)
            assert asked in screen_text(app) and "not decided" in screen_text(app)
            await pilot.pause(0.2)
            await pilot.press(answer)
            await settled(pilot)
            assert [(each.name, each.argument) for each in deck.commands] == sent
        assert deck.asked.count("challenge") > 1, "read again after the command"


@pytest.mark.parametrize("key", ["O", "R"])
async def test_nothing_is_ended_where_none_runs(key: str) -> None:
    deck = FakeDeck()
    async with at("4", deck) as (app, pilot):
        await pilot.press(key)
        await settled(pilot)
        assert not isinstance(app.screen, ChallengeQuestion) and deck.commands == []


async def test_a_suggestion_is_started_as_the_challenger_after_a_question() -> None:
    deck: Any = FakeDeck()
    async with at("4", deck) as (app, pilot):
        await pilot.press("t")
        await settled(pilot)
        assert "Start this challenger?" in screen_text(app) and "sizing.quality.HIGH" in screen_text(app)
        await pilot.pause(0.2)
        await pilot.press("y")
        await settled(pilot)
        (sent,) = deck.commands
        assert sent.name == "challenge_suggestion" and sent.argument
