"""Exits as a table: what happened to the underlying, and what left, why, at which price, at which minute.

All trades are SPY options of strike 600 bought at an underlying of 600.00, on Tuesday 2026-11-24 at 10:00
exchange time unless stated. LONG: stop 597, targets 603 and 606. SHORT: stop 603, targets 597 and 594.

A line of a path is "[MM-DD] HH:MM what":
    599.5                     a price is seen
    bar O H L C               a minute bar that closes at that time
    price P from HH:MM        a price that was made earlier than it arrives
    tick                      time passes, no price comes
    flat P until HH:MM        the price P once a minute, ticks between
    sell N                    a person sells N contracts
    official P                the official close of that day
A line of what is expected is "REASON contracts @ underlying [MM-DD] HH:MM", with "stale" where no fresh price
stood behind it; the last line may be the state the position is in at the end (default CLOSED).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.events import PriceSeen
from core.model import Direction
from core.positions import ExitFill, Position, PositionChange, exit_by_hand, on_price, on_time
from core.rules import parse_rules

EXCHANGE = ZoneInfo("America/New_York")
LONG, SHORT = Direction.LONG, Direction.SHORT


@dataclass(frozen=True)
class Scenario:
    name: str
    path: str
    expect: str
    direction: Direction = LONG
    contracts: int = 4
    more: dict[str, Any] = field(default_factory=dict)


WEEKLY = {"expiry": "2026-12-04"}
MONTHLY = {"expiry": "2026-12-31"}
AFTER_THANKSGIVING = {"entered": "2026-11-27T10:00", "expiry": "2026-11-27"}
CHRISTMAS_WEEKLY = {"entered": "2026-12-23T10:00", "expiry": "2026-12-24"}

SCENARIOS = [
    # --- the stop
    Scenario("stop seen beyond the level", "10:01 596.80", "STOP_LOSS 4 @ 596.80 10:01"),
    Scenario("stop touched exactly", "10:01 597.00", "STOP_LOSS 4 @ 597.00 10:01"),
    Scenario("just above the stop nothing happens", "10:01 597.01", "OPEN"),
    Scenario("stop inside a bar", "10:01 bar 599 599.5 596.5 598.5", "STOP_LOSS 4 @ 597.00 10:01"),
    Scenario("bar opens through the stop", "10:01 bar 596 599 595.5 598", "STOP_LOSS 4 @ 596.00 10:01"),
    Scenario("short: stop inside a bar", "10:01 bar 601 603.4 600 602", "STOP_LOSS 4 @ 603.00 10:01", SHORT),
    Scenario(
        "short: bar opens through the stop", "10:01 bar 604 605 601 602", "STOP_LOSS 4 @ 604.00 10:01", SHORT
    ),
    Scenario("short: stop seen beyond the level", "10:01 603.25", "STOP_LOSS 4 @ 603.25 10:01", SHORT),
    # --- stop and target inside one bar
    Scenario(
        "stop and target in one bar: the stop", "10:01 bar 600 603.5 596.5 603", "STOP_LOSS 4 @ 597.00 10:01"
    ),
    Scenario(
        "short: stop and both targets in one bar: the stop",
        "10:01 bar 600 603.5 593 594",
        "STOP_LOSS 4 @ 603.00 10:01",
        SHORT,
    ),
    Scenario(
        "opens through target 1, then falls to the stop: each in its turn",
        "10:01 bar 603.5 604 596 596.5",
        "TARGET_1 2 @ 603.50 10:01 / STOP_LOSS 2 @ 597.00 10:01",
    ),
    # --- targets and the scale-out
    Scenario(
        "half leaves at target 1, the rest runs",
        "10:01 bar 602 603.4 601.5 603.2",
        "TARGET_1 2 @ 603.00 10:01 / OPEN",
    ),
    Scenario("an odd count is rounded up", "10:01 603.10", "TARGET_1 3 @ 603.10 10:01 / OPEN", contracts=5),
    Scenario("one contract leaves at target 1", "10:01 603.10", "TARGET_1 1 @ 603.10 10:01", contracts=1),
    Scenario(
        "target 1, then target 2",
        "10:01 603.10\n10:05 bar 605 606.5 604.8 606.2",
        "TARGET_1 2 @ 603.10 10:01 / TARGET_2 2 @ 606.00 10:05",
    ),
    Scenario(
        "one bar through both targets: half at each",
        "10:01 bar 602 606.5 601.8 606.1",
        "TARGET_1 2 @ 603.00 10:01 / TARGET_2 2 @ 606.00 10:01",
    ),
    Scenario("a gap over both targets: all at once", "10:01 606.40", "TARGET_2 4 @ 606.40 10:01"),
    Scenario(
        "bar opens over both targets: all at its open",
        "10:01 bar 607 608 605 606",
        "TARGET_2 4 @ 607.00 10:01",
    ),
    Scenario(
        "bar opens between the targets and reaches the second",
        "10:01 bar 604 606.5 603.5 606",
        "TARGET_1 2 @ 604.00 10:01 / TARGET_2 2 @ 606.00 10:01",
    ),
    Scenario(
        "short: target 1 inside a bar, target 2 by a gap",
        "10:01 bar 598 598.5 596.9 597.2\n10:02 bar 593 593.5 592 592.2",
        "TARGET_1 2 @ 597.00 10:01 / TARGET_2 2 @ 593.00 10:02",
        SHORT,
    ),
    Scenario("short: a gap over both targets", "10:01 593.50", "TARGET_2 4 @ 593.50 10:01", SHORT),
    # --- break-even
    Scenario(
        "after target 1 the stop is at break-even",
        "10:01 603.10\n10:20 bar 601 601.5 599.8 600.9",
        "TARGET_1 2 @ 603.10 10:01 / STOP_LOSS 2 @ 600.00 10:20",
    ),
    Scenario(
        "but not inside the bar that hit target 1",
        "10:01 bar 600.5 603.2 599.5 602",
        "TARGET_1 2 @ 603.00 10:01 / OPEN",
    ),
    Scenario(
        "short: after target 1 a gap through break-even",
        "10:01 596.90\n10:20 bar 600.4 601 599 599.5",
        "TARGET_1 2 @ 596.90 10:01 / STOP_LOSS 2 @ 600.40 10:20",
        SHORT,
    ),
    # --- time, by the exchange's own close
    Scenario(
        "same-day option: five minutes before the close",
        "10:01 600\n15:54 tick\n15:55 tick",
        "TIME 4 @ 600.00 15:55 stale",
        more={"theta": False},
    ),
    Scenario(
        "same-day option, the price alive",
        "15:54 601.00\n15:55 601.20",
        "TIME 4 @ 601.20 15:55",
        more={"theta": False},
    ),
    Scenario(
        "the day after Thanksgiving closes at 13:00",
        "12:54 601.00\n12:55 tick",
        "TIME 4 @ 601.00 12:55",
        more=AFTER_THANKSGIVING | {"theta": False},
    ),
    Scenario(
        "the weekly of Christmas expires Thursday 12-24 at 13:00",
        "12-24 12:54 601.00\n12-24 12:55 601.10",
        "TIME 4 @ 601.10 12-24 12:55",
        more=CHRISTMAS_WEEKLY | {"theta": False},
    ),
    Scenario(
        "weekly: three full sessions after the entry's, Thanksgiving not counted",
        "11-25 15:56 601\n11-27 12:56 601\n11-30 15:54 601.5\n11-30 15:55 tick",
        "TIME 4 @ 601.50 11-30 15:55",
        more=WEEKLY,
    ),
    Scenario(
        "monthly: seven full sessions after the entry's",
        "11-30 15:56 601\n12-03 15:58 601\n12-04 15:54 601.5\n12-04 15:55 601.4",
        "TIME 4 @ 601.40 12-04 15:55",
        more=MONTHLY,
    ),
    Scenario(
        "a stop outranks the clock",
        "15:54 600.10\n15:55 bar 600 600.2 596.9 598",
        "STOP_LOSS 4 @ 597.00 15:55",
        more={"theta": False},
    ),
    Scenario(
        "a target outranks the clock, the rest leaves by it",
        "15:55 603.20",
        "TARGET_1 2 @ 603.20 15:55 / TIME 2 @ 603.20 15:55",
        more={"theta": False},
    ),
    # --- theta
    Scenario(
        "half of the premium paid to time", "10:01 flat 600.00 until 15:00", "THETA_DECAY 4 @ 600.00 14:45"
    ),
    Scenario(
        "short: half of the premium paid to time",
        "10:01 flat 600.00 until 15:00",
        "THETA_DECAY 4 @ 600.00 14:47",
        SHORT,
    ),
    # --- staleness and the session
    Scenario(
        "a stale price does not stop, the next fresh one does",
        "10:10 price 596 from 10:08\n10:11 596.20",
        "STOP_LOSS 4 @ 596.20 10:11",
    ),
    Scenario(
        "a stale price takes no target, but the clock acts on it",
        "15:50 price 604 from 15:47\n15:55 tick",
        "TIME 4 @ 604.00 15:55 stale",
        more={"theta": False},
    ),
    Scenario(
        "a bar that ends at the open lies before it", "11-25 09:30 bar 595 596 590 595", "OPEN", more=WEEKLY
    ),
    Scenario(
        "the clock does not act on a price of the session that comes long after it",
        "11-30 15:50 601\n11-30 16:20 price 601 from 15:58",
        "OPEN",
        more=WEEKLY,
    ),
    Scenario("no option trades before the open", "11-25 08:00 590\n11-25 09:30 598", "OPEN", more=WEEKLY),
    Scenario(
        "a gap over night is stopped at the open",
        "11-25 08:00 590\n11-25 09:30 590.50",
        "STOP_LOSS 4 @ 590.50 11-25 09:30",
        more=WEEKLY,
    ),
    Scenario(
        "the last bar of the day arrives just after the close",
        "16:00 bar 598 598.2 596.8 597.5",
        "STOP_LOSS 4 @ 597.00 16:00",
        more=WEEKLY,
    ),
    # --- a person
    Scenario("sold by hand", "10:05 601.00\n10:06 sell 4", "MANUAL 4 @ 601.00 10:06"),
    Scenario(
        "half sold by hand, the rest stopped",
        "10:05 601.00\n10:06 sell 2\n10:09 596.90",
        "MANUAL 2 @ 601.00 10:06 / STOP_LOSS 2 @ 596.90 10:09",
    ),
    Scenario("sold by hand on an old price", "10:05 601.00\n10:30 sell 4", "MANUAL 4 @ 601.00 10:30 stale"),
    Scenario("more than are held means all", "10:05 601.00\n10:06 sell 9", "MANUAL 4 @ 601.00 10:06"),
    Scenario(
        "half by hand, then target 1 takes half of the rest",
        "10:05 sell 2\n10:09 603.00",
        "MANUAL 2 @ 600.00 10:05 stale / TARGET_1 1 @ 603.00 10:09 / OPEN",
    ),
    # --- expiry: only when no exit could be made
    Scenario("no price, no exit before the close: awaiting settlement", "16:00 tick", "AWAITING_SETTLEMENT"),
    Scenario("by hand after the close is too late", "16:05 sell 4", "AWAITING_SETTLEMENT"),
    Scenario("any other price does not settle", "16:00 tick\n16:01 601.00", "AWAITING_SETTLEMENT"),
    Scenario("expired in the money", "16:00 tick\n16:10 official 604.25", "EXPIRY 4 @ 604.25 16:00"),
    Scenario("expired worthless", "16:00 tick\n16:10 official 598.00", "EXPIRY 4 @ 598.00 16:00"),
    Scenario("short: expired in the money", "16:10 official 596.00", "EXPIRY 4 @ 596.00 16:00", SHORT),
    Scenario(
        "the early close settles too",
        "13:00 tick\n13:05 official 602.00",
        "EXPIRY 4 @ 602.00 13:00",
        more=AFTER_THANKSGIVING,
    ),
    Scenario(
        "half at target 1, the rest expires",
        "10:01 603.10\n16:00 tick\n16:10 official 601.00",
        "TARGET_1 2 @ 603.10 10:01 / EXPIRY 2 @ 601.00 16:00",
    ),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_exit_scenario(scenario: Scenario, desk_by: Any) -> None:
    facts = dict(scenario.more)
    desk = desk_by()
    if facts.pop("theta", True) is False:
        desk.rules = parse_rules("[exits]\ntheta_decay_pct = 100")
    position = desk.open(direction=scenario.direction, contracts=scenario.contracts, **facts)
    position = Play(desk, position).through(scenario.path)

    *legs, state = _expected(scenario.expect)
    assert [_told(leg, position) for leg in position.legs] == legs
    assert position.state == state
    assert position.remaining == scenario.contracts - sum(leg.contracts for leg in position.legs)


def test_the_table_is_read_from_where_it_stands() -> None:
    """A scenario that expects what did not happen fails: the reader of the table compares every part."""
    assert _expected("STOP_LOSS 4 @ 597.00 10:01") == [("STOP_LOSS", 4, 597.0, "10:01", False), "CLOSED"]
    assert _expected("OPEN") == ["OPEN"]
    assert len(SCENARIOS) == len({s.name for s in SCENARIOS}) >= 25


class Play:
    """Plays a path, line by line, as the engine would."""

    def __init__(self, desk: Any, position: Position) -> None:
        self.desk, self.position, self.trading = desk, position, desk.trading
        self.last: PriceSeen | None = None
        self.day = f"{desk.trading.calendar.market_date(position.opened_at):%m-%d}"

    def through(self, path: str) -> Position:
        for line in path.split("\n"):
            words = line.split()
            day = words.pop(0) if words[0][2] == "-" else self.day
            clock, *what = words
            self.line(self.when(day, clock), day, what)
        return self.position

    def line(self, now: datetime, day: str, what: list[str]) -> None:
        match what:
            case ["tick"]:
                self.take(on_time(self.position, now, self.last, self.trading))
            case ["sell", count]:
                self.take(exit_by_hand(self.position, int(count), now, self.last, None, self.trading))
            case ["bar", first, high, low, close]:
                bar = (float(first), float(high), float(low))
                self.price(now, float(close), bar=bar)
            case ["price", price, "from", clock]:
                self.price(now, float(price), priced_at=self.when(day, clock))
            case ["official", price]:
                self.price(now, float(price), official=True)
            case ["flat", price, "until", clock]:
                until = self.when(day, clock)
                while now <= until:
                    self.price(now, float(price))
                    self.take(on_time(self.position, now + timedelta(seconds=30), self.last, self.trading))
                    now += timedelta(minutes=1)
            case [price]:
                self.price(now, float(price))
            case _:
                raise ValueError(f"not a line of a path: {what}")

    def price(self, now: datetime, price: float, **facts: Any) -> None:
        self.last = self.desk.seen(self.position, now, price, **facts)
        self.take(on_price(self.position, self.last, now, self.trading))

    def take(self, outcome: PositionChange) -> None:
        self.position = outcome.position

    def when(self, day: str, clock: str) -> datetime:
        return self.desk.at(f"2026-{day}T{clock}")


def _expected(text: str) -> list[Any]:
    rows: list[Any] = []
    for part in text.split(" / "):
        words = part.split()
        if len(words) == 1:
            return [*rows, words[0]]
        reason, count, _, underlying, *when = words
        stale = when[-1] == "stale"
        rows.append((reason, int(count), float(underlying), " ".join(when[: len(when) - stale]), stale))
    return [*rows, "CLOSED"]


def _told(leg: ExitFill, position: Position) -> tuple[Any, ...]:
    day, at = (when.astimezone(EXCHANGE) for when in (position.opened_at, leg.at))
    clock = f"{at:%H:%M}" if at.date() == day.date() else f"{at:%m-%d %H:%M}"
    return leg.reason.value, leg.contracts, pytest.approx(leg.underlying, abs=1e-9), clock, leg.stale_fill
