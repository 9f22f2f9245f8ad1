"""Source of a body: a table of marks, of which the first that applies decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.intake.body import Body
from core.intake.errors import IntakeError
from core.intake.fields import SYMBOL, Paths, first, has
from core.intake.words import DIRECTIONS, EXITS, number, word
from core.model import Source

SCORES: Final[Paths] = (
    ("signal", "ai_score"),
    ("signal", "aiScore"),
    ("signal", "score"),
    ("expert", "aiScore"),
    ("expert", "ai_score"),
    ("expert", "score"),
    (None, "ai_score"),
    (None, "aiScore"),
    (None, "score"),
)
ORDER_DIRECTIONS: Final[Paths] = (
    ("signal", "type"),
    ("signal", "direction"),
    ("signal", "action"),
    ("expert", "direction"),
    (None, "direction"),
    (None, "signal_type"),
    (None, "action"),
    (None, "order_action"),
    (None, "side"),
    (None, "signal"),
    (None, "type"),
)
LEANINGS: Final[Paths] = ((None, "trend"), (None, "bias"), ("signal", "trend"), ("trend", "alignment"))

_ORDER_WORDS: Final[Paths] = ((None, "action"), (None, "order_action"), (None, "side"), (None, "signal_type"))
_LOOSE_WORDS: Final = ("type", "signal")
_BESIDE: Final[Paths] = (
    (None, "quality"),
    (None, "contracts"),
    (None, "order_contracts"),
    (None, "order_price"),
    (None, "order_id"),
    (None, "market_position"),
    (None, "entry"),
    (None, "stop"),
    (None, "stop_loss"),
    (None, "target_1"),
    (None, "rr1"),
)
_PLAIN_DIRECTION: Final[Paths] = ((None, "direction"),)
_PLAIN_LEANING: Final[Paths] = ((None, "direction"), (None, "trend"), (None, "bias"))
_PRICES: Final[Paths] = ((None, "price"), (None, "close"))
_PHASE_OR_BIAS: Final[Paths] = (
    (None, "bias"),
    (None, "phase"),
    (None, "phase_name"),
    ("execution_guidance", "bias"),
    ("regime_context", "local_bias"),
)

ENDPOINTS: Final[dict[str, Source]] = {
    "saty-phase": Source.SATY_PHASE,
    "trend": Source.MTF_DOTS,
    "strat": Source.STRAT_EXEC,
    "strat-exec": Source.STRAT_EXEC,
    "signals": Source.TRADINGVIEW_SIGNAL,
    "ultimate-options": Source.ULTIMATE_OPTIONS,
}


@dataclass(frozen=True, slots=True)
class SourceMark:
    """One mark by which a source is recognised; ``seen`` describes it in a message."""

    source: Source
    seen: str
    applies: Callable[[Body], bool]


def section(body: Body, key: str) -> Body:
    held = body.get(key)
    return held if isinstance(held, dict) else {}


def _has_score(body: Body) -> bool:
    value, path = first(body, SCORES)
    try:
        read = number(value)
    except ValueError:
        return path is not None
    return read is not None and read == read


def _ordered(body: Body) -> bool:
    """Return whether a body proposes a trade, by an order field or by a field with a direction or an exit."""
    if has(body, _ORDER_WORDS) or isinstance(body.get("signal"), dict):
        return True
    texts = [word(body.get(key)) for key in _LOOSE_WORDS]
    return any(text in DIRECTIONS or text in EXITS for text in texts if text)


def _saty_engine(body: Body) -> bool:
    return section(body, "meta").get("engine") == "SATY_PO"


def _phase_object(body: Body) -> bool:
    phase = body.get("phase")
    return isinstance(phase, dict) and not phase.keys().isdisjoint(
        ("current", "name", "current_phase", "phase_name")
    )


def _indicator_form(body: Body) -> bool:
    instrument = section(body, "instrument")
    return (
        "chart_tf" in section(body, "timeframe")
        and isinstance(body.get("event"), dict)
        and ("symbol" in instrument or "ticker" in instrument)
    )


def _phase_or_bias_alone(body: Body) -> bool:
    return (
        has(body, _PHASE_OR_BIAS)
        and has(body, SYMBOL)
        and not _ordered(body)
        and not _has_score(body)
        and "timeframes" not in body
        and "setup_valid" not in body
    )


def _timed_signal(body: Body) -> bool:
    signal = section(body, "signal")
    return bool(signal.get("type")) and bool(
        signal.get("timeframe") or signal.get("tf") or body.get("timeframe") or body.get("tf")
    )


def _flat_signal(body: Body) -> bool:
    if not has(body, SYMBOL):
        return False
    if _ordered(body):
        return not isinstance(body.get("signal"), dict)
    beside = _has_score(body) or has(body, _BESIDE)
    # A price with a trend or a bias is no mark of a signal: phase indicators send both too.
    if has(body, _PRICES) and (has(body, _PLAIN_DIRECTION) or isinstance(body.get("type"), str)):
        return True
    return beside and (
        has(body, _PLAIN_LEANING) or any(isinstance(body.get(key), str) for key in _LOOSE_WORDS)
    )


def _legacy_signal(body: Body) -> bool:
    signal = body.get("signal")
    return isinstance(signal, dict) and (
        not signal.keys().isdisjoint(("symbol", "ticker", "aiScore")) or "satyPhase" in body
    )


def _scored_and_graded(body: Body) -> bool:
    signal = section(body, "signal")
    return signal.get("ai_score") is not None and bool(signal.get("quality"))


MARKS: Final[tuple[SourceMark, ...]] = (
    SourceMark(Source.SATY_PHASE, 'meta.engine "SATY_PO"', _saty_engine),
    SourceMark(Source.SATY_PHASE, "phase.current or phase.name", _phase_object),
    SourceMark(Source.SATY_PHASE, "timeframe.chart_tf, event and instrument.symbol", _indicator_form),
    SourceMark(
        Source.SATY_PHASE, "symbol with bias or phase and no score, signal or action", _phase_or_bias_alone
    ),
    SourceMark(Source.MTF_DOTS, "the timeframes map", lambda body: isinstance(body.get("timeframes"), dict)),
    SourceMark(
        Source.MTF_DOTS,
        "bullish_pct and bearish_pct",
        lambda body: "bullish_pct" in body and "bearish_pct" in body,
    ),
    SourceMark(
        Source.STRAT_EXEC,
        "setup_valid and liquidity_ok",
        lambda b: "setup_valid" in b and "liquidity_ok" in b,
    ),
    SourceMark(Source.TRADINGVIEW_SIGNAL, "signal.type with a timeframe", _timed_signal),
    SourceMark(Source.TRADINGVIEW_SIGNAL, "signal.symbol, signal.aiScore or satyPhase", _legacy_signal),
    SourceMark(
        Source.TRADINGVIEW_SIGNAL,
        "symbol and direction with a score, quality, price or order field",
        _flat_signal,
    ),
    SourceMark(
        Source.ULTIMATE_OPTIONS, "signal.ai_score and signal.quality without a timeframe", _scored_and_graded
    ),
)


@lru_cache(maxsize=256)
def endpoint_source(endpoint: str | None) -> Source | None:
    """Return the source that an endpoint's path names; ``None`` for the generic endpoint and unknown ones."""
    if not endpoint:
        return None
    return ENDPOINTS.get(endpoint.partition("?")[0].rstrip("/").rpartition("/")[2])


def detect(body: Body, endpoint: str | None, notes: list[str]) -> Source:
    """Return the source of a body by its marks, else by its endpoint. Raises IntakeError.

    A body sent to another source's endpoint is accepted as its own source's, with a note.
    """
    hint = endpoint_source(endpoint)
    for mark in MARKS:
        if mark.applies(body):
            if hint is not None and hint is not mark.source:
                notes.append(f"sent to the endpoint of {hint}, read as {mark.source} by {mark.seen}")
            return mark.source
    return _by_endpoint(body, hint)


def _by_endpoint(body: Body, hint: Source | None) -> Source:
    if isinstance(body.get("signal"), dict):
        return hint if hint is Source.ULTIMATE_OPTIONS else Source.TRADINGVIEW_SIGNAL
    if not has(body, SYMBOL):
        # Every mark needs a symbol, so this is the error to report.
        raise _no_symbol()
    if hint is Source.STRAT_EXEC and ("setup_valid" in body or "liquidity_ok" in body):
        return hint
    if has(body, _PLAIN_LEANING):
        _refuse_lost_score(body)
        candidates = [Source.SATY_PHASE, Source.TRADINGVIEW_SIGNAL, Source.ULTIMATE_OPTIONS]
        if has(body, ((None, "timeframe"), (None, "tf"), (None, "interval"), (None, "chart_tf"))):
            candidates.append(Source.MTF_DOTS)
    elif has(body, _PHASE_OR_BIAS):  # beside a score, which a phase indicator may send too
        candidates = [Source.SATY_PHASE, Source.TRADINGVIEW_SIGNAL]
    else:
        raise _nothing_known()
    if hint in candidates:
        return hint
    names = tuple(str(source) for source in candidates)
    raise IntakeError(
        "AMBIGUOUS",
        f"could be {' or '.join(names)}: send it to the endpoint of its source, or add what tells them apart "
        "(a score or an order action for a signal, bias or phase for SATY)",
        candidates=names,
    )


def _refuse_lost_score(body: Body) -> None:
    """Refuse a body whose only mark of a signal is a score without a value (Pine's na)."""
    for path in SCORES:
        held = body if path[0] is None else section(body, path[0])
        if path[1] in held:
            raise IntakeError(
                "NO_SCORE",
                f"{path[1]}: stated without a value, and nothing else makes this a signal",
                path[1],
            )


def _no_symbol() -> IntakeError:
    return IntakeError(
        "NO_SYMBOL",
        "symbol: missing, and no known source's marks; send symbol or ticker, such as SPY",
        "symbol",
    )


def _nothing_known() -> IntakeError:
    return IntakeError(
        "NO_DIRECTION",
        "direction: this body has a symbol but no direction, phase, timeframes map or setup; "
        "send one of direction, phase or bias, timeframes, setup_valid with liquidity_ok",
        "direction",
        tuple(str(source) for source in Source),
    )
