"""The addresses of the API as data, one row each, for routing and documentation."""

from __future__ import annotations

from collections.abc import Iterator

from server.http.api import Api
from server.http.books import ImportRequest
from server.http.commands import (
    AdjustRequest,
    ChallengeRequest,
    ExitRequest,
    JudgeRequest,
    LevelsRequest,
    ModeRequest,
    SettleRequest,
    TakeRequest,
    UndoModeRequest,
)
from server.http.notes import NoteRequest
from server.http.query_parameters import (
    APPROVAL_FILTERS,
    BOOK_QUERY,
    DAY_QUERY,
    ENTRY_FILTERS,
    NOTE_QUERY,
    PAGING,
    PERFORMANCE,
    RECEIPT_FILTERS,
    TIME_FILTERS,
    TRADE_QUERY,
)
from server.http.routes import COMMAND, OPEN, READ, Link, Route

LEDGER, POSITIONS, RESULTS, RULES, ENGINE = "Ledger", "Positions", "Results", "Rules", "Engine"
"""Groups of the documentation."""

# path | handler | answer | group | filters | operations that take the id of an item | summary
_LISTS = (
    ("decisions", Api.decisions, "Decisions", LEDGER, ENTRY_FILTERS, ("decision",),
     "Decisions with their evidence, newest first"),
    ("ledger", Api.ledger, "Ledger", LEDGER, ENTRY_FILTERS, ("decision",),
     "Whole ledger entries: signal, decision, execution, exit and inputs"),
    ("receipts", Api.receipts, "Receipts", LEDGER, RECEIPT_FILTERS, (),
     "Webhooks as they were received, quarantined ones included"),
    ("approvals", Api.approvals, "Approvals", POSITIONS, APPROVAL_FILTERS, ("approve_trade", "reject_trade"),
     "Trades that wait, or waited, for approval: contract, deadline and result"),
    ("trades", Api.trades, "Trades", POSITIONS, TRADE_QUERY, ("decision",),
     "Trades, open and closed: in, out, R, net, notes and tags; totals over all pages"),
    ("days", Api.days, "Days", RESULTS, DAY_QUERY, (),
     "Exchange days with the net P&L and number of the trades closed on them, and their notes"),
    ("books", Api.books, "Books", RESULTS, BOOK_QUERY, ("remove_book",),
     "Books of imported trades, kept apart from the engine's own, with their sums"),
    ("notes", Api.notes, "Notes", RESULTS, NOTE_QUERY, ("remove_note",),
     "Notes on trades and days, with their tags"),
    ("risk-events", Api.risk_events, "RiskEvents", RESULTS, TIME_FILTERS, (),
     "Risk alerts: when each was raised and cleared"),
)  # fmt: skip

# path | handler | answer | group | etag | parameters | summary
_READS = (
    ("metrics", Api.metrics, "Metrics", RESULTS, False, PERFORMANCE,
     "Metrics of all closed trades or of a window, each with n, interval and status, and one breakdown"),
    ("day", Api.day, "Day", RESULTS, False, (),
     "The exchange's day so far: P&L, decisions, and the funnel from webhooks to trades"),
    ("config", Api.config, "Config", ENGINE, True, (),
     "Every setting with its value and where that comes from; of secrets only whether they are set"),
    ("feeds", Api.feeds, "Feeds", ENGINE, False, (),
     "The feeds in order of preference: state, budget, latency, ages and last error"),
    ("challenge", Api.challenge, "Challenge", RULES, False, (),
     "The challenger beside the rules in force: both sides by session, and what their difference shows"),
    ("offers", Api.offers, "Offers", POSITIONS, False, (),
     "Signals that a person can take against their WAIT or SKIP, with what decided against them and until when"),
    ("risk", Api.risk, "Risk", POSITIONS, False, (),
     "What is used of each limit: Greeks, premium by symbol and group, the day's loss, cool-down, mode"),
    ("mode", Api.mode, "Mode", ENGINE, True, (), "The mode: whether the engine opens positions"),
    ("status", Api.status, "EngineStatus", ENGINE, False, (),
     "The engine in one answer: mode, feeds, senders, positions, P&L today, alarms"),
)  # fmt: skip

# path | handler | body | group | refusal of an unknown id | summary
_COMMANDS = (
    ("positions/{id}/exit", Api.exit, ExitRequest, POSITIONS, "UNKNOWN_POSITION",
     "Close a position or part of it at the market"),
    ("positions/{id}/settle", Api.settle, SettleRequest, POSITIONS, "UNKNOWN_POSITION",
     "Settle an expired position at the close of its underlying"),
    ("positions/{id}/levels", Api.levels, LevelsRequest, POSITIONS, "UNKNOWN_POSITION",
     "Set stop and targets of a position: by price, percent, ATR, or at cost"),
    ("decisions/{id}/take", Api.take, TakeRequest, POSITIONS, "NO_SIGNAL",
     "Take a WAIT or SKIP by the id of its decision or receipt: bought now, through size, limits and fill"),
    ("positions/{id}/adjust", Api.adjust, AdjustRequest, POSITIONS, "UNKNOWN_POSITION",
     "Go on with a suspended position after a split of its underlying"),
    ("positions/{id}/resume", Api.resume, JudgeRequest, POSITIONS, "UNKNOWN_POSITION",
     "Mark a suspended position again: its contract is unchanged"),
    ("approvals/{id}/approve", Api.approve_trade, JudgeRequest, POSITIONS, "NO_APPROVAL",
     "Approve a waiting trade; it is filled at the current market"),
    ("approvals/{id}/reject", Api.reject_trade, JudgeRequest, POSITIONS, "NO_APPROVAL",
     "Reject a waiting trade and end its signal"),
    ("suggestions/{id}/approve", Api.approve, JudgeRequest, RULES, "NO_SUGGESTION",
     "Put a suggestion in force as a new rules version"),
    ("suggestions/{id}/reject", Api.reject, JudgeRequest, RULES, "NO_SUGGESTION",
     "Reject a suggestion; it is not offered again"),
    ("challenge", Api.start_challenge, ChallengeRequest, RULES, "NO_SUGGESTION",
     "Run other rules, or a suggestion, beside those in force, on paper"),
    ("challenge/{id}/adopt", Api.adopt_challenge, JudgeRequest, RULES, "NO_CHALLENGER",
     "Put the challenger's rules in force as a new version"),
    ("challenge/{id}/retire", Api.retire_challenge, JudgeRequest, RULES, "NO_CHALLENGER",
     "End the challenger; the rules in force stay"),
    ("rules/{fingerprint}/rollback", Api.roll_back, JudgeRequest, RULES, "NO_VERSION",
     "Put an earlier rules version in force again"),
    ("notes", Api.add_note, NoteRequest, RESULTS, "UNKNOWN_POSITION", "Add a note with tags to a trade or a day"),
    ("notes/{id}/remove", Api.remove_note, JudgeRequest, RESULTS, "NO_NOTE", "Remove a note; the journal keeps it"),
    ("books", Api.import_book, ImportRequest, RESULTS, None,
     "Import a statement of trades into a book of its own; rows that the book has are left"),
    ("books/{id}/remove", Api.remove_book, JudgeRequest, RESULTS, "NO_BOOK",
     "Remove a book; the journal keeps its rows"),
    ("mode", Api.set_mode, ModeRequest, ENGINE, None, "Change the mode to ACTIVE, REDUCING or HALTED"),
    ("mode/undo", Api.undo_mode, UndoModeRequest, ENGINE, None,
     "Undo the latest change of the mode by a person, within 10 s"),
)  # fmt: skip


def _lists() -> Iterator[Route]:
    for path, handler, answers, tag, filters, targets, summary in _LISTS:
        yield Route(
            method="GET", path=f"/api/{path}", access=READ, handler=handler, summary=summary, answers=answers,
            query=PAGING + filters, refuses=("INVALID_PARAMETER", "UNKNOWN_CURSOR"), etag=True, tag=tag,
            links=tuple(Link(target, "id", "/items/0/id") for target in targets),
        )  # fmt: skip


def _reads() -> Iterator[Route]:
    for path, handler, answers, tag, etag, query, summary in _READS:
        yield Route(
            method="GET", path=f"/api/{path}", access=READ, handler=handler, summary=summary, answers=answers,
            query=query, refuses=("INVALID_PARAMETER",), etag=etag, tag=tag,
        )  # fmt: skip


def _commands() -> Iterator[Route]:
    for path, handler, body, tag, unknown, summary in _COMMANDS:
        yield Route(
            method="POST", path=f"/api/{path}", access=COMMAND, handler=handler, summary=summary, body=body,
            answers="CommandDone", refuses=() if unknown is None else (unknown,), tag=tag,
        )  # fmt: skip


ROUTES: tuple[Route, ...] = (
    *_lists(),
    Route(
        method="GET",
        path="/api/decisions/{id}",
        access=READ,
        handler=Api.decision,
        summary="One decision with its evidence and inputs",
        answers="Decision",
        refuses=("UNKNOWN_DECISION",),
        etag=True,
        tag=LEDGER,
        links=(Link("position", "id", "/position_id"),),
    ),
    Route(
        method="GET",
        path="/api/positions",
        access=READ,
        handler=Api.positions,
        summary="Open positions with their current value",
        answers="Positions",
        query=PAGING,
        refuses=("INVALID_PARAMETER", "UNKNOWN_CURSOR"),
        tag=POSITIONS,
        links=tuple(Link(target, "id", "/items/0/id") for target in ("position", "exit", "settle")),
    ),
    Route(
        method="GET",
        path="/api/positions/{id}",
        access=READ,
        handler=Api.position,
        summary="One position, open or closed: value, exits, P&L by cause, price path and time decay",
        answers="Position",
        refuses=("UNKNOWN_POSITION",),
        tag=POSITIONS,
    ),
    Route(
        method="GET",
        path="/api/learning",
        access=READ,
        handler=Api.learning,
        summary="Learning results: gates, calibration, breakdowns, drift, and suggestions with their evidence",
        answers="Learning",
        refuses=("INVALID_PARAMETER",),
        etag=True,
        tag=RESULTS,
        links=tuple(Link(target, "id", "/suggestions/0/id") for target in ("approve", "reject")),
    ),
    Route(
        method="GET",
        path="/api/rules",
        access=READ,
        handler=Api.rules,
        summary="The rules in force and every earlier version, with author, time and changes",
        answers="Rules",
        refuses=("INVALID_PARAMETER",),
        etag=True,
        tag=RULES,
        links=(Link("roll_back", "fingerprint", "/versions/0/fingerprint"),),
    ),
    *_reads(),
    *_commands(),
    Route(
        method="GET",
        path="/healthz",
        access=OPEN,
        handler=Api.healthz,
        summary="Whether the process answers",
        answers="Health",
    ),
    Route(
        method="GET",
        path="/readyz",
        access=OPEN,
        handler=Api.readyz,
        summary="Whether webhooks can be stored and decided now",
        answers="Health",
        refuses=("NOT_READY",),
    ),
    Route(
        method="GET",
        path="/docs",
        access=OPEN,
        handler=Api.docs,
        summary="This documentation as a page for a browser",
        answers="Page",
        media=("text/html",),
        etag=True,
    ),
    Route(
        method="GET",
        path="/openapi.json",
        access=READ,
        handler=Api.openapi,
        summary="This document",
        answers="OpenApi",
        etag=True,
    ),
)
