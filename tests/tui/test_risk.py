"""The book's risk on Live and on System, in figures that show which side of a limit a value is on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from fake_deck import NOW, FakeDeck, empty_snapshot, screen_text, snapshot
from fake_risk import dollars, no_risk, risk
from hypothesis import given
from hypothesis import strategies as st

from core.model import Mode
from core.risk_view import limit_use
from server.deck import LimitUse
from tui.app import DeckApp
from tui.cli.risk import lines
from tui.panes.risk import RiskPane, folded_line, full_lines, limit_lines
from tui.risk_format import of_limit, percent_used
from tui.settings import SettingsStore
from tui.widgets.line import width_of

USES = [
    (dollars("vega", 262.4, 250.0, " per point"), "! 104 %", "$262 of $250 per point"),
    (dollars("vega", 250.4, 250.0, " per point"), "! 100 %", "$250.40 of $250.00 per point"),
    (dollars("vega", 249.9, 250.0, " per point"), "99 %", "$249.90 of $250.00 per point"),
    (dollars("theta", -311.2, 500.0, " a day"), "62 %", "-$311 of $500 a day"),
    (dollars("theta", -0.2, 500.0, " a day"), "0 %", "$0 of $500 a day"),
    (dollars("delta", 250_000.0, 250_000.0), "! 100 %", "$250,000 of $250,000"),
    (dollars("vega", 40.0, 0.0, " per point"), "", "$40 of $0 per point"),
    (dollars("premium", 5_774.0, None), "", "$5,774, no limit"),
    (limit_use("positions", 4, 5, "positions"), "80 %", "4 of 5"),
]


@pytest.mark.parametrize(("use", "percent", "figures"), USES)
def test_a_value_is_written_beside_its_limit(use: LimitUse, percent: str, figures: str) -> None:
    assert (percent_used(use), of_limit(use)) == (percent, figures)


@given(st.floats(-1e6, 1e6), st.floats(1, 1e6))
def test_different_figures_are_never_written_as_equal(value: float, limit: float) -> None:
    shown, allowed = (
        float(each.replace(",", ""))
        for each in re.findall(r"[\d,]+(?:\.\d+)?", of_limit(dollars("x", value, limit)))
    )
    if abs(abs(value) - limit) > 1e-6:
        assert (shown > allowed) == (abs(value) > limit)
        assert shown != allowed


@given(st.integers(20, 220))
def test_every_width_is_kept(width: int) -> None:
    for line in (folded_line(risk(), width), *limit_lines(risk(), width), *full_lines(risk(), width)):
        assert width_of(line) <= width


async def on_live(size: tuple[int, int], *keys: str, settings: SettingsStore | None = None) -> str:
    app = DeckApp(FakeDeck(), settings=settings)
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return screen_text(app)


async def test_live_has_one_line_of_it_where_there_is_room_and_all_where_there_are_many_rows() -> None:
    assert "Risk" not in await on_live((80, 24))
    line = next(each for each in (await on_live((120, 40))).split("\n") if "Risk" in each)
    for words in (
        "loss 0 %",
        "positions 5 of 5",
        "delta 73 %",
        "vega ! 104 %",
        "QQQ+SPX+SPY ! 106 %",
        "v risk",
    ):
        assert words in line
    assert "$184,210 of $250,000" in await on_live((200, 60))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_key_unfolds_it_and_folds_it_and_the_choice_is_kept(size: tuple[int, int]) -> None:
    store = SettingsStore()
    opened = await on_live(size, "v", settings=store)
    for words in ("$184,210 of $250,000", "$262 of $250 per point", "5 of 5", "2 of 3 losses", "$2,664 of $2,500",
                  "gamma and vega of NVDA 182.5C 11/27 are unknown"):  # fmt: skip
        assert words in opened
    assert "$184,210 of $250,000" in await on_live(size, settings=store)
    assert "$184,210" not in await on_live(size, "v", settings=store)
    assert "$184,210" not in await on_live(size, settings=store)


async def test_unfolded_at_80x24_a_position_and_the_keys_stay_on_the_screen() -> None:
    text = await on_live((80, 24), "v")
    assert "SPY 452C 11/27" in text
    assert "q quit" in text


async def test_the_pane_takes_the_rows_of_what_it_shows() -> None:
    deck = FakeDeck(empty_snapshot())
    app = DeckApp(deck)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("v")
        await pilot.pause()
        assert app.screen.query_one(RiskPane).size.height == 5
        deck.change(risk=risk())
        app.pull()
        await pilot.pause()
        assert app.screen.query_one(RiskPane).size.height == 6


async def on_system(size: tuple[int, int], *keys: str, deck: FakeDeck | None = None) -> str:
    app = DeckApp(deck or FakeDeck())
    async with app.run_test(size=size) as pilot:
        await pilot.press("5", *keys)
        await pilot.pause()
        await pilot.pause()
        return screen_text(app)


@pytest.mark.parametrize(("size", "keys"), [((80, 24), "v"), ((120, 40), ""), ((200, 60), "")])
async def test_system_has_it_in_full(size: tuple[int, int], keys: str) -> None:
    text = await on_system(size, *keys)
    for words in ("Risk", "73 %", "$96,400", "! 104 %", "2 of 3 losses", "QQQ+SPX+SPY", "measured .91"):
        assert words in text


async def test_a_small_system_screen_shows_risk_or_engine_and_keys_act_only_on_what_is_seen() -> None:
    app = DeckApp(FakeDeck())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        for _ in range(4):
            await pilot.pause()
        assert "Quarantine" in screen_text(app)
        await pilot.press("v")
        await pilot.pause()
        assert "Quarantine" not in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert len(app.screen_stack) == 1, "a receipt opened that was not on the screen"
        await pilot.press("v")
        await pilot.pause()
        assert "Quarantine" in screen_text(app)
        assert app.screen.focused is not None and app.screen.focused.id == "quarantine"


async def test_mode_and_cool_down_are_told_with_reason_end_and_time_left() -> None:
    view = replace(
        risk(), mode=Mode.REDUCING, mode_reason="daily loss of $1,000 reached", mode_end="until Wed 09:30 ET",
        cool_down_until=NOW + timedelta(minutes=42), cool_down_left=42 * 60.0,
        daily_loss=dollars("daily loss", 1_000.4, 1_000.0),
    )  # fmt: skip
    deck = FakeDeck(snapshot(risk=view))
    text = await on_system((120, 40), deck=deck)
    for words in ("REDUCING until Wed 09:30 ET: daily loss of $1,000 reached", "$1,000.40 of $1,000.00",
                  "2 of 3 losses, cool-down 42m left"):  # fmt: skip
        assert words in text
    printed = "\n".join(lines(view))
    for words in ("REDUCING until Wed 09:30 ET: daily loss", "$1,000.40 of $1,000.00", "cool-down 42m left"):
        assert words in printed


def test_the_command_prints_every_limit_group_and_symbol() -> None:
    printed = lines(risk())
    assert printed[0].split() == ["mode", "ACTIVE"]
    assert [line.split("  ")[0].strip() for line in printed] == [
        "mode", "delta", "gamma", "vega", "theta", "positions", "day's loss", "losses in a row", "premium",
        "QQQ+SPX+SPY", "QQQ", "NVDA", "SPX", "SPY", "TSLA", "! gamma and vega of NVDA 182.5C 11/27 are unknown and "
        "counted as 0",
    ]  # fmt: skip
    assert len({line.index("%") for line in printed if "%" in line.split("$")[0]}) == 1
    assert "no limit" in "\n".join(lines(no_risk()))
