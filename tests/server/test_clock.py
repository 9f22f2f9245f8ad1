"""The engine's clock while the machine's is set, and while nothing runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.effects import Notice, StoreRiskEvent
from core.intake import sample
from core.model import Direction, Source
from server.config import ConfigError
from server.feeds.base import NoFeed
from server.runtime.clock import SteadyClock

TUESDAY = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


class Machine:
    """A machine whose clock can be set, and whose time passes by hand."""

    def __init__(self) -> None:
        self.passed = 1_000.0
        self.off = TUESDAY.timestamp() - self.passed
        self.clock = SteadyClock(lambda: self.passed + self.off, lambda: self.passed)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.passed + self.off, UTC)


@pytest.mark.parametrize(
    ("set_by", "ahead", "note"),
    [
        (-3600, 3600, "MACHINE CLOCK -60 MIN"),
        (3600, -3600, "MACHINE CLOCK +60 MIN"),
        (-1.5, 0, ""),
        (1.5, 0, ""),
    ],
)
def test_the_clock_goes_on_by_the_time_that_passes(set_by: float, ahead: float, note: str) -> None:
    machine = Machine()
    machine.off += set_by
    assert machine.clock.ahead() == pytest.approx(ahead, abs=1e-3) and machine.clock.note == note
    machine.passed += 60
    kept = TUESDAY + timedelta(seconds=60 + (0 if ahead else set_by))
    assert abs(machine.clock.now() - kept) < timedelta(milliseconds=1)
    machine.off -= set_by
    assert machine.clock.ahead() == 0


def told(effects: list[Any]) -> list[str]:
    return [e.text for e in effects if isinstance(e, Notice) and e.kind == "risk"]


@pytest.mark.parametrize("set_by", [-3600, 3600])
async def test_a_clock_that_is_set_is_an_alarm_at_once_and_no_fresh_signal_is_late(
    station: Any, set_by: float
) -> None:
    """Whether the machine's clock was put right or wrong: senders may go by the time before or the time after."""
    machine = Machine()
    station.clock = machine.clock
    runtime = await station.start(NoFeed())
    seen: list[Any] = []
    runtime.listeners.add(seen.append)
    machine.off += set_by
    machine.passed += 1
    await runtime.check_clock()
    await runtime.tick()
    way = "back" if set_by < 0 else "forward"
    assert [f"set {way} by 60 min" in text for text in told(seen)] == [True]
    assert [e.code for e in seen if isinstance(e, StoreRiskEvent)] == ["CLOCK_SET"]
    for stamp in (machine.clock.now(), machine.now()):
        body = sample(Source.TRADINGVIEW_SIGNAL, stamp, "SPY", 450.0, Direction.LONG)
        machine.passed += 5
        answer = await runtime.submit(json.dumps(body), "/api/webhooks")
        assert answer.decision is not None and "LATE" not in {r.code for r in answer.decision.reasons}
    machine.off -= set_by
    await runtime.check_clock()
    await runtime.tick()
    assert [e.cleared for e in seen if isinstance(e, StoreRiskEvent)] == [False, True]


async def test_a_process_that_was_stopped_says_for_how_long_nobody_watched(station: Any) -> None:
    machine = Machine()
    station.clock = machine.clock
    runtime = await station.start(NoFeed())
    seen: list[Any] = []
    runtime.listeners.add(seen.append)
    for seconds in (1, 1, 7200, 1):
        machine.passed += seconds
        await runtime.check_clock()
    assert told(seen) == ["The engine did not run for 2.0 h: until now nobody watched stops"]


async def test_a_ledger_ahead_of_the_clock_is_opened_when_a_person_says_so(station: Any) -> None:
    machine = Machine()
    station.clock = machine.clock
    runtime = await station.start(NoFeed())
    machine.passed += 7200
    await runtime.tick()
    last = runtime.engine.state.at
    await station.stop(runtime)
    machine = Machine()
    station.clock = machine.clock
    with pytest.raises(ConfigError, match="--ledger-ahead"):
        await station.start(NoFeed())
    again_machine = Machine()
    station.clock = again_machine.clock
    again = await station.start(NoFeed(), ledger_ahead=True)
    await again.check_clock()
    await again.tick()
    assert again.engine.state.at >= last and again.engine.state.clock_ahead == pytest.approx(7200, abs=1)
    machine = again_machine
    machine.off += 7_500  # the machine's clock is put right: from here on it is believed again
    await again.check_clock()
    assert again.engine.state.clock_ahead == 0 and abs(again.clock.now() - machine.now()) < timedelta(
        seconds=1
    )
