"""Source of a body: a table of marks, of which the first that applies decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.intake.errors import IntakeError, shown
from core.intake.intent import Meaning
from core.intake.signal import has_score
from core.intake.vocabulary import spelled
from core.intake.walk import SCORE_KEYS, Reading, of_words
from core.model import Intent, Source

ENDPOINTS: Final[dict[str, Source]] = {
    "saty-phase": Source.SATY_PHASE,
    "trend": Source.MTF_DOTS,
    "strat": Source.STRAT_EXEC,
    "strat-exec": Source.STRAT_EXEC,
    "signals": Source.TRADINGVIEW_SIGNAL,
    "ultimate-options": Source.ULTIMATE_OPTIONS,
}
PRICE_ENDPOINT: Final = "price"
"""The endpoint of a chart's bars: a price alone is a bar there."""

_SHORT, _TOLD = 40, 4
_BESIDE: Final = (
    "quality", "size", "order_price", "position", "entry", "stop", "target_1", "targets", "rr1", "position_before",
)  # fmt: skip
_TELLING: Final = ("PHASE", "REGIME", "BIAS", "TREND", "MARKUP", "MARKDOWN", "ACCUMULATION", "DISTRIBUTION")


@dataclass(frozen=True, slots=True)
class SourceMark:
    """One mark by which a source is recognised; ``seen`` describes it in a message."""

    source: Source
    seen: str
    applies: Callable[[Reading], bool]


def _at(reading: Reading, slot: str, *paths: str) -> bool:
    return any(path in paths for _, path, _ in reading.all(slot))


def _phase_object(reading: Reading) -> bool:
    return _at(reading, "phase", "phase.current", "phase.current_phase") or _at(
        reading, "phase_name", "phase.name", "phase.phase_name"
    )


def _indicator_form(reading: Reading) -> bool:
    return (
        _at(reading, "timeframe", "timeframe.chart_tf")
        and isinstance(reading.body.get("event"), dict)
        and _at(reading, "symbol", "instrument.symbol", "instrument.ticker")
    )


CONTEXT_MARKS: Final[tuple[SourceMark, ...]] = (
    SourceMark(Source.SATY_PHASE, 'meta.engine "SATY_PO"', lambda r: r.value("engine") == "SATY_PO"),
    SourceMark(Source.SATY_PHASE, "phase.current or phase.name", _phase_object),
    SourceMark(Source.SATY_PHASE, "timeframe.chart_tf, event and instrument.symbol", _indicator_form),
    SourceMark(Source.MTF_DOTS, "the timeframes map", lambda r: isinstance(r.value("timeframes"), dict)),
    SourceMark(
        Source.MTF_DOTS,
        "bullish_pct and bearish_pct",
        lambda r: r.has("bullish_pct") and r.has("bearish_pct"),
    ),
    SourceMark(
        Source.STRAT_EXEC,
        "setup_valid and liquidity_ok",
        lambda r: r.has("setup_valid") and r.has("liquidity_ok"),
    ),
)
"""Marks of the sources that tell of the market and propose no trade."""


def _timed_signal(reading: Reading, _: Meaning) -> bool:
    return bool(_at(reading, "side", "signal.type") and reading.has("timeframe"))


def _legacy_signal(reading: Reading, _: Meaning) -> bool:
    return isinstance(reading.body.get("signal"), dict) and (
        _at(reading, "symbol", "signal.symbol", "signal.ticker")
        or _at(reading, "score", "signal.aiScore")
        or reading.has("saty_phase")
    )


def _scored_and_graded(reading: Reading, _: Meaning) -> bool:
    return _at(reading, "score", "signal.ai_score") and _at(reading, "quality", "signal.quality")


def _flat_signal(reading: Reading, meaning: Meaning) -> bool:
    if not reading.has("symbol") or isinstance(reading.body.get("signal"), dict):
        return False
    if meaning.intent is Intent.ENTRY and ordered(meaning):
        return True
    if meaning.intent is Intent.ENTRY and reading.has("price", "close"):
        return True
    # A price beside a trend or a bias tells nothing: phase indicators send one too.
    return (has_score(reading) or reading.has(*_BESIDE)) and (
        meaning.intent is Intent.ENTRY
        or reading.has("leaning")
        or any(isinstance(v, str) for v in reading.values("loose"))
    )


TRADE_MARKS: Final[tuple[tuple[Source, str, Callable[[Reading, Meaning], bool]], ...]] = (
    (Source.TRADINGVIEW_SIGNAL, "signal.type with a timeframe", _timed_signal),
    (Source.TRADINGVIEW_SIGNAL, "signal.symbol, signal.aiScore or satyPhase", _legacy_signal),
    (
        Source.TRADINGVIEW_SIGNAL,
        "symbol and direction with a score, quality, price or order field",
        _flat_signal,
    ),
    (
        Source.ULTIMATE_OPTIONS,
        "signal.ai_score and signal.quality without a timeframe",
        _scored_and_graded,
    ),
)


def ordered(meaning: Meaning) -> bool:
    """Return whether a direction comes from an order rather than from a field that only leans."""
    why = meaning.why
    return why is None or spelled(why.path.rpartition(".")[2]) not in ("direction", "trend", "bias")


@lru_cache(maxsize=256)
def _endpoint_name(endpoint: str | None) -> str:
    return endpoint.partition("?")[0].rstrip("/").rpartition("/")[2] if endpoint else ""


def endpoint_source(endpoint: str | None) -> Source | None:
    """Return the source an endpoint's path names; ``None`` for the detecting one and for strangers."""
    return ENDPOINTS.get(_endpoint_name(endpoint))


def at_price_endpoint(endpoint: str | None) -> bool:
    """Return whether a path is the one for a chart's bars."""
    return _endpoint_name(endpoint) == PRICE_ENDPOINT


@of_words
def context_source(reading: Reading) -> Source | None:
    """Return the source of a body that tells of the market by a mark of its own, else ``None``."""
    for mark in CONTEXT_MARKS:
        if mark.applies(reading):
            _note(reading, mark.source, mark.seen)
            return mark.source
    return None


def leans_alone(reading: Reading, meaning: Meaning) -> bool:
    """Return whether a body states a phase or a bias with a symbol and nothing of a trade."""
    return (
        _phase_or_bias(reading)
        and reading.has("symbol")
        and meaning.intent is None
        and not has_score(reading)
        and not reading.has("setup_valid")
    )


def told_event(reading: Reading) -> str | None:
    """Return the type or event of a leaning body that is none of a phase indicator's, by its path."""
    if reading.has("phase", "phase_name", "local_bias", "guided_bias"):
        return None
    for slot in ("loose", "event"):
        for _, path, value in reading.all(slot):
            if isinstance(value, str) and not any(word in value.upper() for word in _TELLING):
                return path
    return None


def _phase_or_bias(reading: Reading) -> bool:
    return (
        reading.has("phase", "phase_name")
        or _at(reading, "leaning", "bias")
        or _at(reading, "local_bias", "regime_context.local_bias")
        or _at(reading, "guided_bias", "execution_guidance.bias")
        or any(path.endswith(".bias") for _, path, _ in reading.all("guided_bias"))
    )


def trade_source(reading: Reading, meaning: Meaning) -> Source:
    """Return the source of a body that speaks of a trade, by its marks, else by its endpoint.

    Raises IntakeError when neither tells.
    """
    if meaning.intent not in (None, Intent.ENTRY):
        hint = endpoint_source(reading.endpoint)
        return hint if hint is Source.ULTIMATE_OPTIONS else Source.TRADINGVIEW_SIGNAL
    for source, seen, applies in TRADE_MARKS:
        if applies(reading, meaning):
            _note(reading, source, seen)
            return source
    return _by_endpoint(reading, endpoint_source(reading.endpoint))


def _note(reading: Reading, source: Source, seen: str) -> None:
    hint = endpoint_source(reading.endpoint)
    if hint is not None and hint is not source:
        reading.notes.append(f"sent to the endpoint of {hint}, read as {source} by {seen}")


def _by_endpoint(reading: Reading, hint: Source | None) -> Source:
    if isinstance(reading.body.get("signal"), dict):
        return hint if hint is Source.ULTIMATE_OPTIONS else Source.TRADINGVIEW_SIGNAL
    if not reading.has("symbol"):
        # No mark of a signal or a phase applies without one, so nothing else said here would help.
        raise _no_symbol(reading)
    if hint is Source.STRAT_EXEC and reading.has("setup_valid", "liquidity_ok"):
        return hint
    if reading.has("side", "leaning"):
        _refuse_lost_score(reading)
        candidates = [Source.SATY_PHASE, Source.TRADINGVIEW_SIGNAL, Source.ULTIMATE_OPTIONS]
        if reading.has("timeframe"):
            candidates.append(Source.MTF_DOTS)
    elif _phase_or_bias(reading):  # beside a score, which a phase indicator may send too
        candidates = [Source.SATY_PHASE, Source.TRADINGVIEW_SIGNAL]
    else:
        raise _nothing_known(reading)
    if hint in candidates:
        return hint
    names = tuple(str(source) for source in candidates)
    raise IntakeError(
        "AMBIGUOUS",
        f"could be {' or '.join(names)}: send it to the endpoint of its source, or add what tells them apart "
        "(a score or an order action for a signal, bias or phase for SATY)",
        candidates=names,
    )


def _refuse_lost_score(reading: Reading) -> None:
    """Refuse a body whose score, which would make it a signal, has no value (Pine's na)."""
    body = reading.body
    for held in (body.get("signal"), body.get("expert"), body):
        if not isinstance(held, dict):
            continue
        for key in SCORE_KEYS:
            if key in held:
                raise IntakeError(
                    "NO_SCORE", f"{key}: stated without a value, and nothing else makes this a signal", key
                )


def _not_read(reading: Reading) -> str:
    """Return the keys with a word that were found and not read, for the end of a refusal."""
    found = [
        f"{path[:_SHORT]}: {shown(value)}"
        for path, _, value in reading.unread
        if isinstance(value, str) and len(value) <= _SHORT
    ]
    return f"; not read: {', '.join(found[:_TOLD])}" if found else ""


def _no_symbol(reading: Reading) -> IntakeError:
    return IntakeError(
        "NO_SYMBOL",
        f"symbol: missing, and no known source's marks; send symbol or ticker, such as SPY{_not_read(reading)}",
        "symbol",
    )


def _nothing_known(reading: Reading) -> IntakeError:
    return IntakeError(
        "NO_DIRECTION",
        "direction: this body has a symbol but no direction, phase, timeframes map or setup; "
        f"send one of direction, phase or bias, timeframes, setup_valid with liquidity_ok{_not_read(reading)}",
        "direction",
        tuple(str(source) for source in Source),
    )
