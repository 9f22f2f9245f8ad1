"""The metrics page: what the engine did, in Prometheus' formats, and the dashboard that shows it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from core.effects import StoreDecision, StoreTrade
from core.model import ExitReason, Source
from core.positions.position import ExitWalk, Pending
from server.deck import Command
from server.deck.local import LocalDeck
from server.deck.rows import PhoneAddress
from server.feeds.base import NoFeed
from server.runtime.histogram import BOUNDS, Histogram
from server.runtime.refusals import RefusalLog
from server.runtime.runtime import Runtime
from server.runtime.stream_counts import StreamCounts
from server.telemetry.metrics import AWAITED, CODES, LAG_SECONDS, OTHER, EngineMetrics

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def attached(
    runtime: Runtime,
    refusals: RefusalLog | None = None,
    *,
    stream: StreamCounts | None = None,
    phone: tuple[PhoneAddress, ...] = (PhoneAddress(name="mail"),),
) -> EngineMetrics:
    refusals = refusals or RefusalLog()
    deck = LocalDeck(runtime, refusals=refusals)
    deck.phone = lambda: phone
    metrics = EngineMetrics(runtime, deck, refusals, stream, lambda: 2)
    runtime.listeners.add(metrics.heard)
    return metrics


def samples(metrics: EngineMetrics) -> dict[str, float]:
    """Every sample of the page by its name and labels as they are written."""
    found = {}
    for family in text_string_to_metric_families(metrics.page("")[0].decode()):
        for each in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(each.labels.items()))
            found[f"{each.name}{{{labels}}}" if labels else each.name] = each.value
    return found


async def test_what_the_engine_did_is_counted(station: Any) -> None:
    runtime, refusals = await station.start(NoFeed()), RefusalLog()
    metrics = attached(runtime, refusals)
    await station.enter(runtime)
    await runtime.submit('{"unknown": 1}', "/api/webhooks")
    refusals.record(code="UNAUTHORIZED", status=401, address="10.0.0.1", reason="no secret")
    (position,) = runtime.engine.state.positions.values()
    found = samples(metrics)
    assert found["gatedeck_positions_open"] == 1 and found["gatedeck_mode{mode=ACTIVE}"] == 1
    assert found["gatedeck_decisions_total{action=EXECUTE,code=}"] == 1
    assert found["gatedeck_receipts_total{source=TRADINGVIEW_SIGNAL,status=accepted}"] == 1
    assert found["gatedeck_receipts_total{source=,status=quarantined}"] == 1
    assert found["gatedeck_refusals_total{code=UNAUTHORIZED}"] == 1
    assert found["gatedeck_webhook_seconds_count"] == 5 == found["gatedeck_webhook_seconds_bucket{le=+Inf}"]
    assert found["gatedeck_decision_seconds_count"] == 1
    assert found["gatedeck_commit_seconds_count"] == found["gatedeck_commits_total"] > 0
    assert found["gatedeck_source_silence_seconds{source=TRADINGVIEW_SIGNAL}"] == 0

    count = position.remaining
    for n in range(1, 3):  # one half and then the other: each exit fill is counted once
        await runtime.command(
            Command(
                id=f"c-{n}", name="exit", position_id=position.id, contracts=count - 1 if n == 1 else 1,
                expected=count if n == 1 else 1,
            )
        )  # fmt: skip
    found = samples(metrics)
    assert found["gatedeck_positions_open"] == 0 and found["gatedeck_exits_total{reason=MANUAL}"] == 2
    assert found["gatedeck_pnl_dollars{part=realized}"] == round(runtime.engine.state.day.realized, 6)


async def test_the_phone_and_the_streams_readers(station: Any) -> None:
    runtime = await station.start(NoFeed())
    mail = PhoneAddress(name="mail", sent=5, retried=3, lost=2, waiting=1, failing=True)
    metrics = attached(
        runtime, stream=StreamCounts(connected=3, dropped=1), phone=(mail, PhoneAddress(name="ntfy 2"))
    )
    found = samples(metrics)
    assert found["gatedeck_phone_sent_total{address=mail}"] == 5
    assert found["gatedeck_phone_retried_total{address=mail}"] == 3
    assert found["gatedeck_phone_lost_total{address=mail}"] == 2
    assert found["gatedeck_phone_waiting{address=mail}"] == 1
    assert found["gatedeck_phone_sent_total{address=ntfy 2}"] == 0
    assert found["gatedeck_decks_attached"] == 2
    assert found["gatedeck_stream_readers"] == 3 and found["gatedeck_stream_dropped_total"] == 1


async def test_orders_without_a_fill(station: Any) -> None:
    """An exit at a doubted or old price waits once; a purchase ends by its code."""
    runtime = await station.start(NoFeed())
    metrics = attached(runtime)
    await station.enter(runtime)
    (position,) = runtime.engine.state.positions.values()
    wide = Pending(reason=ExitReason.TARGET_1, contracts=1)
    for pending in (wide, wide, None, wide, replace(wide, contracts=2)):
        metrics.heard(StoreTrade(position=replace(position, pending=pending)))
    working = replace(wide, walk=ExitWalk(at=position.opened_at, mid=2.0, bid=1.9, modelled=False))
    metrics.heard(StoreTrade(position=replace(position, pending=working)))
    record = runtime.engine.state.recent[-1]
    for code in ("NOT_FILLED", "NOT_FILLED", "SPREAD_TOO_WIDE", "MAX_POSITIONS", None):
        metrics.heard(StoreDecision(record=replace(record, code=code)))
    found = samples(metrics)
    assert {name: n for name, n in found.items() if "unfilled" in name} == {
        "gatedeck_orders_unfilled_total{code=TARGET_1,side=sell}": 3,
        "gatedeck_orders_unfilled_total{code=NOT_FILLED,side=buy}": 2,
        "gatedeck_orders_unfilled_total{code=SPREAD_TOO_WIDE,side=buy}": 1,
    }


async def test_exit_fills_of_before_a_restart_are_not_counted_again(station: Any) -> None:
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    (position,) = runtime.engine.state.positions.values()
    count = position.remaining
    assert count > 1
    half = Command(id="c-1", name="exit", position_id=position.id, contracts=1, expected=count)
    assert (await runtime.command(half)).ok
    await station.stop(runtime)
    runtime = await station.start(NoFeed())
    metrics = attached(runtime)
    rest = Command(id="c-2", name="exit", position_id=position.id, contracts=count - 1, expected=count - 1)
    assert (await runtime.command(rest)).ok
    assert samples(metrics)["gatedeck_exits_total{reason=MANUAL}"] == 1


async def test_labels_and_memory_are_bounded(station: Any) -> None:
    runtime = await station.start(NoFeed())
    metrics = attached(runtime)
    assert {metrics._code(f"CODE_{n}") for n in range(2 * CODES)} == {
        *(f"CODE_{n}" for n in range(CODES)),
        OTHER,
    }
    for n in range(3):
        await station.send(runtime, Source.SATY_PHASE, ("SPY", "QQQ", "IWM")[n])
    assert len(metrics._arrived) == 3 <= AWAITED
    found = samples(metrics)
    assert [name for name in found if "silence" in name] == [
        "gatedeck_source_silence_seconds{source=SATY_PHASE}"
    ]
    assert not [name for name in found if "SPY" in name], "a symbol is no label"


async def test_both_formats_and_the_loop_lag(station: Any) -> None:
    runtime = await station.start(NoFeed())
    metrics = attached(runtime)
    watching = asyncio.create_task(metrics.watch_loop())
    await asyncio.sleep(2.5 * LAG_SECONDS)
    watching.cancel()
    assert 1 <= sum(runtime.counters.loop_lag.counts) <= 2
    text, kind = metrics.page("text/plain")
    assert kind.startswith("text/plain") and b"# TYPE gatedeck_loop_lag_seconds histogram" in text
    body, kind = metrics.page(OPENMETRICS)
    assert kind.startswith("application/openmetrics-text") and body.endswith(b"# EOF\n")
    assert {family.name for family in read_openmetrics(body.decode())} >= {"gatedeck_webhook_seconds"}


async def test_the_dashboard_names_only_metrics_that_exist(station: Any) -> None:
    runtime = await station.start(NoFeed())
    page = attached(runtime).page("")[0].decode()
    there = set(re.findall(r"^# TYPE (\S+) ", page, re.MULTILINE))
    there |= {f"{name}_bucket" for name in re.findall(r"^# TYPE (\S+) histogram", page, re.MULTILINE)}
    dashboard = json.loads(files("server.http").joinpath("grafana.json").read_text("utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    named = {name for expr in asked for name in re.findall(r"\b(?:gatedeck|process)_\w+", expr)}
    assert len(named) > 15 and named - there == set()
    shown = {name.removesuffix("_bucket") for name in named}
    assert {name for name in there if name.startswith("gatedeck_")} - shown <= {
        "gatedeck_uptime_seconds", "gatedeck_commits_total", "gatedeck_inputs_total",
        *(f"{name}_bucket" for name in shown),
    }  # fmt: skip


def test_a_histogram_counts_each_duration_in_one_bucket() -> None:
    histogram = Histogram()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] + 1e-9, 99.0):
        histogram.observe(seconds)
    rows = dict(histogram.cumulative())
    assert rows["0.0005"] == 2 and rows["0.001"] == 3 and rows["10.0"] == 3 and rows["+Inf"] == 4
    assert histogram.sum == pytest.approx(99.0 + 2 * BOUNDS[0])


def test_the_start_does_not_load_the_library() -> None:
    code = "import sys, server.assembly; print([m for m in sys.modules if m.partition('.')[0] in "
    code += "('prometheus_client', 'apprise', 'sentry_sdk')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
