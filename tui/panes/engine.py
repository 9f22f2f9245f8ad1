"""The engine's health: latencies, ledger, feeds, and the rules in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap as wrap_text
from typing import Any

from server.deck import Counters, FeedStatus, Latency, SystemView
from tui import fmt
from tui.engine_text import told
from tui.panes.reports import ReportPane
from tui.widgets.line import Line, clip_line, fold_or_cut, heading, wrap

_NAME = 10
_FEED_MARKS = {
    "OK": ("✓", "good"),
    "WAITING": ("·", "dim"),
    "DOWN": ("✗", "bad"),
    "ASSUMED": ("!", "warn"),
    "SIMULATED": ("!", "warn"),
}
_TABLES = {
    "journal": "inputs",
    "receipts": "receipts",
    "ledger_entries": "decisions",
    "positions": "positions",
    "marks": "marks",
    "paths": "prices",
    "rules_versions": "rules",
    "suggestions": "judged",
    "approvals": "approvals",
    "risk_events": "alerts",
    "stream_events": "events",
    "checkpoints": "checkpoints",
}
_WITH_N = 46
"""Least width that shows the optional parts."""
_SLOW_MS = 15.0
"""Milliseconds: a p99 above the engine's target is coloured."""


@dataclass(frozen=True, slots=True)
class EngineView:
    """The system view, with counters, clock note and time of the snapshot."""

    system: SystemView
    counters: Counters
    clock_note: str
    at: datetime | None = None


def format_bytes(size: int | None) -> str:
    if size is None:
        return fmt.NONE
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= least:
            return f"{fmt.number(size / least, 1)} {unit}"
    return f"{size} bytes"


def _ms(value: float | None) -> str:
    if value is None:
        return fmt.NONE
    return f"{fmt.number(value, 1 if value < 100 else 0)} ms"


def latency_line(name: str, latency: Latency, width: int) -> Line:
    line: Line = [(f" {name:<{_NAME}}", "dim")]
    if latency.n == 0:
        return [*line, ("none yet", "dim")]
    slow = latency.p99 is not None and latency.p99 > _SLOW_MS
    return [
        *line,
        ("p50 ", "dim"), (f"{_ms(latency.p50)}", "strong"),
        ("  p99 ", "dim"), (("! " if slow else "") + _ms(latency.p99), "warn" if slow else "strong"),
        (f"  n {fmt.count(latency.n)}" if width >= _WITH_N else "", "dim"),
    ]  # fmt: skip


class EnginePane(ReportPane):
    title = "Engine"
    data: EngineView | str | None = "asking the engine"

    def report(self, view: EngineView, width: int, height: int) -> list[Line]:
        system, counters = view.system, view.counters
        right: Line = [(f"up {fmt.age(system.uptime)}", "text")]
        waiting = "warn" if system.queue > 0 else "text"
        refused: Line = [
            ("quarantined ", "dim"),
            (fmt.count(counters.quarantined), "warn" if counters.quarantined else "text"),
        ]
        out: list[Line] = [
            heading(self.title, width, right),
            latency_line("webhooks", system.webhooks, width),
            latency_line("commits", system.commits, width),
            [(f" {'waiting':<{_NAME}}", "dim"), (fmt.plural(system.queue, "input"), waiting),
             ("  memory ", "dim"), (format_bytes(system.resident_bytes), "text")],
            [(f" {'received':<{_NAME}}", "dim"), (f"{fmt.count(counters.receipts)}", "text"), ("  twice ", "dim"),
             (fmt.count(counters.duplicates), "text"), ("  ", "text"), *refused],
        ]  # fmt: skip
        return [clip_line(line, width) for line in out]


class LedgerPane(ReportPane):
    title = "Ledger"
    data: EngineView | str | None = "asking the engine"

    def report(self, view: EngineView, width: int, height: int) -> list[Line]:
        system = view.system
        right: Line = [
            (format_bytes(system.ledger_bytes), "text"),
            (f"  seq {fmt.count(system.journal_seq)}", "dim"),
        ]
        pieces: list[Line] = [
            [(f"{fmt.count(count)} ", "text"), (_plural(count, _TABLES.get(name, fmt.words(name))), "dim")]
            for name, count in system.ledger_rows.items()
        ]
        body = wrap(pieces, width - 2, "  ")
        return [
            heading(self.title, width, right),
            clip_line(
                [(" ", "text"), (fmt.clip(system.ledger_name or "in memory", width - 2), "strong")], width
            ),
            *([(" ", "text"), *line] for line in body),
            *([(" " + part, "dim")] for text in system.ledger_removed for part in wrap_text(text, width - 2)),
        ]


def _plural(count: int, name: str) -> str:
    return name.removesuffix("s") if count == 1 else name


class FeedsPane(ReportPane):
    title = "Feeds"
    data: EngineView | str | None = "asking the engine"

    def report(self, view: EngineView, width: int, height: int) -> list[Line]:
        note: Line = [(view.clock_note, "warn")] if view.clock_note else []
        out = [heading(self.title, width, note)]
        if not view.system.feeds:
            return self.nothing(width, "no feed is configured: the market is assumed", note)
        lines: list[Line] = []
        for feed in view.system.feeds:
            mark, role = _FEED_MARKS.get(feed.state, ("✗", "bad"))
            detail: Line = [(f"  {feed.detail}", "dim")] if feed.detail else []
            lines.append([(f" {mark} ", role), (f"{feed.name} ", "strong"), (feed.state, role), *detail])
            if (numbers := _feed_numbers(feed, view.at)) is not None:
                lines.append(numbers)
        return out + fold_or_cut(lines, width, height - 1)


def _feed_numbers(feed: FeedStatus, now: datetime | None) -> Line | None:
    """Return the second line of a feed that was asked: stream, budget, latency, age and last error."""
    parts: Line = []
    if feed.stream is not None:
        parts.append((feed.stream, "dim" if feed.stream == "connected" else "warn"))
    if feed.budget_left is not None:
        spent = feed.budget_left == 0
        parts.append((f"{feed.budget_left} of {feed.budget_limit} left", "warn" if spent else "dim"))
    if feed.latency_p99_ms is not None:
        parts.append((f"p99 {_ms(feed.latency_p99_ms)}", "dim"))
    if feed.last_answer_at is not None and now is not None:
        age = max(0.0, (now - feed.last_answer_at).total_seconds())
        parts.append((f"{fmt.age(age)} ago", "dim"))
    if feed.last_error is not None and feed.last_error not in feed.detail:
        parts.append((feed.last_error, "warn"))
    if not parts:
        return None
    line: Line = [("   ", "dim")]
    for n, part in enumerate(parts):
        line += [("  ", "dim"), part] if n else [part]
    return line


class RulesPane(ReportPane):
    title = "Rules"
    data: EngineView | str | None = "asking the engine"

    def report(self, view: EngineView, width: int, height: int) -> list[Line]:
        versions = view.system.rules_versions
        if not versions:
            return self.nothing(width, "the first version is written when the engine starts")
        count = fmt.plural(len(versions), "version")
        out = [heading(self.title, width, [(count, "dim")])]
        shown = versions[: max(1, height - 1)]
        lines = [_version(version, width, in_force=n == 0) for n, version in enumerate(shown)]
        return out + fold_or_cut(lines, width, height - 1)


def _version(version: Mapping[str, Any], width: int, *, in_force: bool) -> Line:
    changes = str(version.get("changes") or "")
    return [
        (" ✓ " if in_force else "   ", "good"),
        (f"{_when(str(version.get('at') or ''))} ", "dim"),
        (f"{version.get('name') or ''} " if width >= _WITH_N else "", "strong" if in_force else "text"),
        (f"{str(version.get('fingerprint') or '')[:6]} ", "strong" if in_force else "text"),
        (f"by {version.get('author') or 'nobody'}", "dim"),
        (f"  {told(changes)}" if changes else "", "text"),
    ]


def _when(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return fmt.day_clock(at).split(" ", 1)[1].rsplit(":", 1)[0]
