"""The Live screen: what a trader reads on it, at every size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_deck import NOW, FakeDeck, empty_snapshot, position, record, screen_text, snapshot

from core.decision.deciding_reason import deciding_code, why
from core.model import Action, Direction, ExitReason, Mode
from server.deck import OrderRow, StopsWarning
from tui.app import DeckApp
from tui.panes.pnl import PnlPane
from tui.panes.positions import COLUMNS, PositionsPane
from tui.panes.status import StatusPane, StatusView


async def shown(deck: FakeDeck, size: tuple[int, int] = (80, 24), *keys: str) -> str:
    app = DeckApp(deck)
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return screen_text(app)


@pytest.mark.parametrize("action", list(Action))
async def test_first_view_at_80x24_has_the_action_the_gates_and_positions(action: Action) -> None:
    text = await shown(FakeDeck(snapshot(decision=record(action))))
    for word in (action, "Regime", "Structural", "Market", "SPY 452C 11/27", "QQQ 512P 11/24", "+212.10"):
        assert word in text


@pytest.mark.parametrize("size", [(20, 6), (100, 30), (160, 50)])
async def test_every_size_is_drawn_without_a_line_that_is_too_long(size: tuple[int, int]) -> None:
    text = await shown(FakeDeck(), size)
    lines = text.split("\n")
    assert len(lines) == size[1]
    assert all(len(line) <= size[0] for line in lines)
    assert "ACTIVE" in text


async def test_120x40_shows_every_part_at_once() -> None:
    text = await shown(FakeDeck(), (120, 40))
    for word in ("Decision", "Gates", "Confidence", "Size", "Reasons", "Positions", "Recent decisions", "P&L today",
                 "Events", "confluence", "volatility", "Spread, volatility", "127.0.0.1:8787", "SIMULATED TIME",
                 "close in 3h18m", "quiet 42m", "+$441.79", "left out: no fresh", "Gamma headwind"):  # fmt: skip
        assert word in text, word


async def test_an_empty_deck_says_what_to_do() -> None:
    text = await shown(FakeDeck(empty_snapshot()))
    for words in ("No decision yet", "http://127.0.0.1:8787/api/webhooks", "gatedeck send", "no open position",
                  "no sender heard yet", "Regime", "Structural", "Market"):  # fmt: skip
        assert words in text


async def test_assumed_is_marked_wherever_it_shows_and_nowhere_else() -> None:
    assumed = await shown(FakeDeck())
    assert "! market assumed" in assumed and "assumed Spre" in assumed
    real = snapshot(decision=record(), market_assumed=False, market_note="tradier")
    assert "assumed" not in await shown(FakeDeck(real))


async def test_a_stale_mark_and_a_position_that_is_exiting_or_settling_say_so() -> None:
    rows = (position(age=140, stale=True), position("b", state="EXITING"),
            position("d", state="AWAITING_SETTLEMENT", expired_at=NOW, missing="a price of SPY"))  # fmt: skip
    text = await shown(FakeDeck(snapshot(positions=rows)), (120, 40))
    for words in ("! stale 2m", "EXITING", "e settles"):
        assert words in text


async def test_a_refused_decision_shows_its_code_and_a_failed_gate_its_name() -> None:
    assert "OPPOSITE_OPEN" in await shown(
        FakeDeck(snapshot(decision=record(Action.SKIP, code="OPPOSITE_OPEN")))
    )
    assert "Market failed" in await shown(FakeDeck(snapshot(decision=record(Action.SKIP))))


@pytest.mark.parametrize(("mode", "words"), [(Mode.REDUCING, "no entries"), (Mode.HALTED, "exits by hand")])
async def test_a_mode_that_does_not_trade_says_what_it_does_not(mode: Mode, words: str) -> None:
    text = await shown(FakeDeck(snapshot(mode=mode)), (120, 40))
    assert mode in text and words in text


async def test_every_column_is_reached_by_scrolling_at_80() -> None:
    app = DeckApp(FakeDeck())
    seen = ""
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "left")
        table = app.screen.query_one(PositionsPane)
        for _ in COLUMNS:
            seen += table.render_line(1).text
            table.action_column(1)
    for column in COLUMNS:
        assert column.title in seen, column.title


async def test_alarms_of_the_engine_and_a_failing_snapshot_are_seen_and_the_deck_stays_up() -> None:
    deck = FakeDeck(snapshot(alarms=("ledger: disk full",)))
    app = DeckApp(deck)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "ledger: disk full" in screen_text(app)
        deck.snapshot = lambda: 1 / 0
        app.pull()
        await pilot.pause()
        assert "no snapshot" in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_stops_that_cannot_act_stand_in_words_on_every_screen(size: tuple[int, int]) -> None:
    text = "stops cannot act: SPY 41 s old, alpaca reconnecting"
    deck = FakeDeck(snapshot(stops=(StopsWarning(symbol="SPY", text=text),)))
    app = DeckApp(deck)
    async with app.run_test(size=size) as pilot:
        for key in "12345":
            await pilot.press(key)
            await pilot.pause()
            assert text in screen_text(app)
            assert app.screen.query_one("#stops").region.height == 1
        deck.snapshot = lambda: snapshot()
        app.pull()
        await pilot.pause()
        assert "stops cannot act" not in screen_text(app)


async def test_the_sign_of_profit_is_a_shape_and_not_only_a_colour() -> None:
    day = snapshot().pnl
    assert "▲ +$441.79" in await shown(FakeDeck())
    lost = replace(day, total=-120.5, series=(-10.0, -60.0, -120.5))
    text = await shown(FakeDeck(snapshot(pnl=lost)))
    assert "▼ -$120.50" in text


async def test_panes_draw_nothing_when_nothing_changed() -> None:
    app = DeckApp(FakeDeck())
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(3):
            await pilot.pause()  # the rows of the lists are shared out after the first layout
        drawn: list[object] = []
        for pane in app.screen.query("LineWidget"):
            pane.refresh = lambda *regions, **_: drawn.append(regions)
        for _ in range(5):
            app.pull()
        assert drawn == []


async def test_one_price_repaints_its_cells_only() -> None:
    deck = FakeDeck()
    app = DeckApp(deck)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.pause()  # the rows of the lists are shared out after the first layout
        cells = 0
        for pane in app.screen.query("LineWidget"):
            keep = pane.refresh

            def counted(*regions, keep=keep, **options):
                nonlocal cells
                cells += sum(region.area for region in regions) if regions else 10_000
                return keep(*regions, **options)

            pane.refresh = counted
        first, *rest = deck.now.positions
        deck.change(positions=(replace(first, mark=2.44, pnl=230.1), *rest))
        app.pull()
        await pilot.pause()
        assert 0 < cells < 40
        table = app.screen.query_one(PositionsPane)
        assert "2.44" in table.render_line(2).text
        assert app.screen.query_one(PnlPane).data == deck.now.pnl


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("mode", list(Mode))
def test_no_width_takes_the_mode_or_the_simulated_clock_off_the_first_line(mode: Mode, width: int) -> None:
    pane = StatusPane()
    now = snapshot(mode=mode)
    pane.data = StatusView(
        mode=mode,
        mode_reason="daily loss of $1,000 reached, P&L today -$1,034.20",
        mode_end="until Wed 09:30 ET",
        exchange=now.exchange,
        clock_note=now.clock_note,
        market_note=now.market_note,
        market_assumed=True,
    )
    (line,) = pane.lines(width, 1)
    text = "".join(part for part, _ in line)
    assert str(mode) in text and "SIMULATED TIME" in text and "assumed" in text and len(text) <= width
    if mode is not Mode.ACTIVE and width >= 80:
        assert "until Wed 09:30 ET" in text and (width < 120 or "daily loss of $1,000" in text)


def test_a_decision_against_an_entry_names_the_reason_that_decided() -> None:
    skipped = record(Action.SKIP).verdict
    failed = [gate.reason for _, gate in skipped.gates.items() if not gate.passed]
    reasons = [(each.code, each.text) for each in skipped.reasons]
    assert deciding_code(Action.SKIP, failed, reasons) == "SPREAD_WIDE" == why(record(Action.SKIP))
    assert why(record(Action.SKIP, code="LATE")) == ""
    assert deciding_code(Action.SKIP, [*failed, "another"], reasons) == "SPREAD_WIDE +1"
    assert deciding_code(Action.WAIT, [], [("UNSURE", "Confidence 61.7 is under 70"), *reasons]) == "UNSURE"
    assert deciding_code(Action.EXECUTE, [], reasons) == ""


async def test_a_limit_that_works_is_shown_while_it_does() -> None:
    order = OrderRow(
        signal_id="s", symbol="SPY", direction=Direction.LONG, contract="SPY 452C 11/27", contracts=6,
        limit=2.05, last=2.10, step=2, steps=4, left=12.0,
    )  # fmt: skip
    leaving = replace(order, contracts=2, limit=2.05, last=2.00, exit=ExitReason.TARGET_1)
    deck = FakeDeck(snapshot(orders=(leaving, order)))
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "TARGET_1 " in screen_text(app) and "SPY 452C 11/27 × 2  limit 2.05 to 2.00" in screen_text(
            app
        )
        line = next(line for line in screen_text(app).split("\n") if "WORKING" in line)
        for words in ("SPY 452C 11/27 × 6", "limit 2.05 to 2.10", "step 2 of 4", "12 s left"):
            assert words in line
        deck.change(orders=())
        app.pull()
        await pilot.pause()
        assert "WORKING" not in screen_text(app)
