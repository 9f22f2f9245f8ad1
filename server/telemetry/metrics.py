"""Metrics of the running engine for Prometheus; labels are few and bounded, symbols and addresses are none.

The engine only counts. prometheus-client is imported, and the page written, when the page is asked for.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from core.decision.deciding_reason import code_of
from core.effects import Effect, StoreDecision, StoreReceipt, StoreTrade
from core.model import Mode, ReceiptStatus
from core.options.quotes import Refusal
from core.positions.position import Pending, Position
from core.working_order import NOT_FILLED
from server.deck.protocol import Deck
from server.runtime.histogram import Histogram
from server.runtime.refusals import RefusalLog
from server.runtime.runtime import Runtime
from server.runtime.stream_counts import StreamCounts

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import CollectorRegistry

LAG_SECONDS = 0.1
"""Time between two measurements of the event loop's lag."""
AWAITED = 5_000
"""Most receipts whose decision's latency is awaited."""
CODES = 100
"""Most codes of decisions that have a label of their own; further ones are counted as OTHER."""
OTHER = "OTHER"
NOT_BOUGHT = frozenset({*Refusal, NOT_FILLED})
"""Codes of decisions whose order found no fill."""
PHONE = (
    ("sent", "Messages sent"),
    ("retried", "Tries of a message after the first"),
    ("lost", "Messages that could not be sent"),
)
"""Counters of the phone, as in ``PhoneAddress``."""


class Value(NamedTuple):
    """One gauge or counter: its labels' values, then the number."""

    labels: tuple[str, ...]
    number: float


class EngineMetrics:
    """Counts what the engine does, and gives it to Prometheus when asked."""

    def __init__(
        self,
        runtime: Runtime,
        deck: Deck,
        refusals: RefusalLog,
        stream: StreamCounts | None = None,
        attached: Callable[[], int] = lambda: 0,
    ) -> None:
        """Count from now on; ``attached`` gives the number of decks of other processes."""
        self._runtime, self._deck, self._refusals = runtime, deck, refusals
        self._stream = stream or StreamCounts()
        self._attached = attached
        self._arrived: dict[str, datetime] = {}
        """Instants of receipts by id, until their first decision."""
        self._receipts: Counter[tuple[str, str]] = Counter()
        self._decisions: Counter[tuple[str, str]] = Counter()
        self._codes: set[str] = set()
        self._exits: Counter[str] = Counter()
        self._unfilled: Counter[tuple[str, str]] = Counter()
        self._waiting: dict[str, Pending] = {}
        """Exits that wait for a price, by position."""
        self._registry: CollectorRegistry | None = None

    async def watch_loop(self) -> None:
        """Measure by how much the event loop wakes a sleeper too late, until cancelled."""
        lag = self._runtime.counters.loop_lag
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(LAG_SECONDS)
            lag.observe(max(0.0, time.perf_counter() - begun - LAG_SECONDS))

    def heard(self, effect: Effect) -> None:
        """Count an effect that is on disk."""
        kind = type(effect)
        if kind is StoreReceipt:
            assert isinstance(effect, StoreReceipt)
            self._receipts[effect.source or "", effect.status] += 1
            if effect.status is ReceiptStatus.ACCEPTED:
                self._arrived[effect.id] = effect.at
                if len(self._arrived) > AWAITED:
                    del self._arrived[next(iter(self._arrived))]
        elif kind is StoreDecision:
            assert isinstance(effect, StoreDecision)
            record = effect.record
            self._decisions[record.action, self._code(code_of(record) or "")] += 1
            if record.code is not None and record.code in NOT_BOUGHT:
                self._unfilled["buy", record.code] += 1
            at = self._arrived.pop(record.receipt_id, None)
            if at is not None:
                waited = (self._runtime.clock.now() - at).total_seconds()
                self._runtime.counters.decisions.observe(max(0.0, waited))
        elif kind is StoreTrade:
            assert isinstance(effect, StoreTrade)
            for leg in effect.legs:
                self._exits[leg.reason] += 1
            self._count_waiting(effect.position)

    def _count_waiting(self, position: Position) -> None:
        """Count an exit that found no fill, or one for a part only, when it begins to wait for a price."""
        pending = position.pending
        if pending is None:
            self._waiting.pop(position.id, None)
        elif pending.walk is None and self._waiting.get(position.id) != pending:
            self._waiting[position.id] = pending
            self._unfilled["sell", pending.reason] += 1

    def _code(self, code: str) -> str:
        if code in self._codes or len(self._codes) < CODES:
            self._codes.add(code)
            return code
        return OTHER

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return the page and its content type, in the format of Prometheus that the Accept header asks for."""
        from prometheus_client.exposition import choose_encoder
        from prometheus_client.process_collector import ProcessCollector
        from prometheus_client.registry import CollectorRegistry

        if self._registry is None:
            self._registry = CollectorRegistry(auto_describe=False)
            ProcessCollector(registry=self._registry)
            self._registry.register(self)
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        from prometheus_client.metrics_core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        for name, text, histogram in self._histograms():
            yield HistogramMetricFamily(
                f"gatedeck_{name}_seconds", text, buckets=histogram.cumulative(), sum_value=histogram.sum
            )
        for family, rows in (
            (CounterMetricFamily, self._counters()),
            (GaugeMetricFamily, self._gauges()),
        ):
            for name, text, labels, values in rows:
                metric = family(f"gatedeck_{name}", text, labels=labels)
                for value in values:
                    metric.add_metric(value.labels, value.number)
                yield metric

    def _histograms(self) -> Iterator[tuple[str, str, Histogram]]:
        counters = self._runtime.counters
        yield "webhook", "From the body of a webhook to its answer", counters.webhooks
        yield "decision", "From a signal's receipt to its first decision on disk", counters.decisions
        yield "commit", "Commits of the ledger", counters.commits_took
        yield "loop_lag", "Lateness of the event loop", counters.loop_lag

    def _counters(self) -> Iterator[_Row]:
        counters, feeds = self._runtime.counters, self._deck.feeds()
        yield _row("receipts", "Webhooks stored", ("source", "status"), self._receipts.items())
        yield _row("decisions", "Decisions made", ("action", "code"), self._decisions.items())
        yield _row("exits", "Exit fills", ("reason",), (((k,), n) for k, n in self._exits.items()))
        yield _row(
            "refusals", "Requests refused without a receipt", ("code",),
            (((k,), n) for k, n in self._refusals.totals.items()),
        )  # fmt: skip
        yield _row(
            "orders_unfilled",
            "Paper orders without a fill: purchases by the code that ended them, exits (all or part) that wait",
            ("side", "code"),
            self._unfilled.items(),
        )
        yield _row(
            "stream_dropped", "Readers of the stream that were too slow", (), [((), self._stream.dropped)]
        )
        phone = self._deck.snapshot().phone
        for name, text in PHONE:
            yield _row(
                f"phone_{name}", text, ("address",), (((each.name,), getattr(each, name)) for each in phone)
            )
        yield _row(
            "feed_requests", "Requests to a vendor", ("feed",), (((f.name,), f.requests) for f in feeds)
        )
        yield _row(
            "feed_errors",
            "Requests to a vendor that failed",
            ("feed",),
            (((f.name,), f.failures) for f in feeds),
        )
        yield _row("commits", "Batches committed", (), [((), counters.commits)])
        yield _row("inputs", "Inputs of the engine that were stored", (), [((), counters.events)])

    def _gauges(self) -> Iterator[_Row]:
        health, now = self._runtime.health(), self._deck.snapshot()
        silence: dict[str, float] = {}
        for source in now.sources:
            silence[source.source] = min(source.age, silence.get(source.source, source.age))
        pnl = {"realized": now.pnl.realized, "open": now.pnl.open, "costs": now.pnl.costs}
        yield _row("ready", "1 while webhooks are stored", (), [((), float(health.ready))])
        yield _row("uptime_seconds", "Seconds since the start", (), [((), health.uptime)])
        yield _row("queue_inputs", "Inputs that wait for the engine", (), [((), health.queue)])
        yield _row("alarms", "Alarms that stand", (), [((), len(health.alarms))])
        yield _row(
            "source_silence_seconds", "Seconds since a source's last webhook", ("source",),
            (((k,), age) for k, age in silence.items()),
        )  # fmt: skip
        yield _row("positions_open", "Open positions", (), [((), len(now.positions))])
        yield _row("decks_attached", "Decks of other processes", (), [((), self._attached())])
        yield _row("stream_readers", "Readers of the stream", (), [((), self._stream.connected)])
        yield _row(
            "phone_waiting", "Messages and notices that are not sent yet", ("address",),
            (((each.name,), each.waiting) for each in now.phone),
        )  # fmt: skip
        yield _row("approvals_waiting", "Trades that wait for a person", (), [((), len(now.approvals))])
        yield _row(
            "pnl_dollars",
            "Profit and loss of the day, and its costs",
            ("part",),
            (((k,), n) for k, n in pnl.items()),
        )
        yield _row("mode", "1 for the mode in force", ("mode",), (((m,), float(m is now.mode)) for m in Mode))
        yield _row(
            "feed_up", "1 while a feed answers", ("feed",),
            (((f.name,), float(f.state == "OK")) for f in self._deck.feeds()),
        )  # fmt: skip


_Row = tuple[str, str, tuple[str, ...], list[Value]]


def _row(
    name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> _Row:
    return name, text, labels, [Value(tuple(map(str, key)), float(number)) for key, number in values]
