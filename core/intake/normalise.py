"""Normalisation: one webhook body to one ``Update``."""

from __future__ import annotations

import re
from typing import Final

from core.intake import dots, fields, moments, options, premiums, saty, signal, strat
from core.intake.bars import bar_of
from core.intake.body import open_body
from core.intake.detect import (
    at_price_endpoint,
    context_source,
    endpoint_source,
    leans_alone,
    told_event,
    trade_source,
)
from core.intake.errors import IntakeError, shown
from core.intake.flags import Said, is_heartbeat, test_of
from core.intake.intent import Meaning, hear_no_ids, meaning_of, refuse_order_of_nothing
from core.intake.request import request_of
from core.intake.speech import NOTHING, TEST
from core.intake.symbols import underlying
from core.intake.vocabulary import LEVEL_LOOK
from core.intake.walk import Reading, of_words
from core.intake.words import ACCEPTED_DIRECTIONS, DIRECTIONS, word
from core.model import Intent, Reason, SignalFacts, Source, Tone, Update
from core.rules.sections import IntakeRules

MAX_NOTES = 16
_RULES: Final = IntakeRules()
_LOOKS_LIKE: Final = (
    ("a level", LEVEL_LOOK),
    ("a time", re.compile(r"time(?!frame)|timestamp|date$|^date")),
    ("a side", re.compile(r"side$|direction|action$|^action|longshort|buysell")),
    ("a size", re.compile(r"qty|quantity|contracts|lots?$|size$|shares")),
    ("a timeframe", re.compile(r"timeframe|interval|resolution|^tf|tf$")),
)
_SHORT = 40
"""Longest text that is told as unread: a longer one is prose."""


def normalise(body: object, endpoint: str | None = None, rules: IntakeRules = _RULES) -> Update:
    """Return what one body (bytes, text or parsed JSON) means; raises IntakeError and nothing else.

    ``endpoint`` is the path it was posted to or that path's last part; a hint that counts only when the body
    could be from several sources. An array is refused: see ``split``.
    """
    notes: list[str] = []
    opened, flat = open_body(body, notes)
    reading = Reading(opened, notes, flat=flat, endpoint=endpoint)
    source = context_source(reading)
    if source is not None:
        if (test := test_of(reading)) is None:
            return _context(reading, source, rules)
        meaning = Meaning(Intent.STATUS, why=test)
        options.heed(reading, meaning)
        return _trade(reading, source, meaning, rules)
    source, meaning = _judged(reading) if hear_no_ids(reading) else _judge(reading)
    if meaning.intent is Intent.BAR:
        return _bar(reading, rules)
    if meaning.intent is Intent.CONTEXT:
        return _context(reading, source, rules)
    return _trade(reading, source, meaning, rules)


def _judge(reading: Reading) -> tuple[Source, Meaning]:
    """Return the source of a body without a mark of its own and what it means; raises IntakeError.

    A price bar and a body that tells of the market mean no more than their intent.
    """
    notes = reading.notes
    meaning = meaning_of(reading)
    if leans_alone(reading, meaning):
        hint = endpoint_source(reading.endpoint)
        told = None if hint is Source.SATY_PHASE else told_event(reading)
        if told is None:
            if hint not in (None, Source.SATY_PHASE):
                notes.append(
                    f"sent to the endpoint of {hint}, read as {Source.SATY_PHASE} by symbol with bias or "
                    "phase and no score, signal or action"
                )
            return Source.SATY_PHASE, Meaning(Intent.CONTEXT)
        notes.append(
            f"{told}: {shown(_value_at(reading, told))} is none of a phase indicator's; no regime is read"
        )
        meaning = Meaning(Intent.STATUS)
    options.heed(reading, meaning)
    if meaning.intent is None and _is_bar(reading):
        return Source.TRADINGVIEW_SIGNAL, Meaning(Intent.BAR)
    source = trade_source(reading, meaning)
    if (
        source not in (Source.TRADINGVIEW_SIGNAL, Source.ULTIMATE_OPTIONS)
        and meaning.intent is not Intent.STATUS
    ):
        return source, Meaning(Intent.CONTEXT)
    if meaning.intent is None and meaning.wait is not None:
        meaning.intent, meaning.why = Intent.STATUS, meaning.wait
    elif meaning.intent is None:
        _lean(reading, meaning)
    refuse_order_of_nothing(reading, meaning)
    return source, meaning


_judged = of_words(_judge)


def _context(reading: Reading, source: Source, rules: IntakeRules) -> Update:
    """Return an update of regime, alignment or structure."""
    notes = reading.notes
    found, _ = underlying(reading)
    times = moments.times(reading, rules.naive_zone)
    regime = alignment = structure = decay = None
    if source is Source.SATY_PHASE:
        regime, decay = saty.regime(reading)
    elif source is Source.MTF_DOTS:
        alignment = dots.alignment(reading)
    else:
        structure = strat.structure(reading)
    return Update(
        source=source,
        symbol=found.symbol,
        exchange=found.exchange,
        timeframe=fields.minutes(reading)[0],
        timestamp=times.timestamp,
        fired=times.fired,
        fired_at=times.fired_at,
        sender_id=fields.sender_id(reading),
        price=fields.price(reading),
        decay_minutes=decay,
        regime=regime,
        alignment=alignment,
        structure=structure,
        intent=Intent.CONTEXT,
        notes=tuple(notes[:MAX_NOTES]) if notes else (),
    )


def _bar(reading: Reading, rules: IntakeRules) -> Update:
    """Return the update of a chart's price bar."""
    found, block = underlying(reading)
    times = moments.times(reading, rules.naive_zone)
    length, _ = fields.minutes(reading)
    bar = bar_of(reading, length, None if times.fired else times.timestamp)
    blocks = tuple(reason for reason in (block, times.block) if reason is not None)
    return Update(
        source=Source.TRADINGVIEW_SIGNAL,
        symbol=found.symbol,
        exchange=found.exchange,
        timeframe=length,
        timestamp=times.timestamp,
        fired=times.fired,
        fired_at=times.fired_at,
        sender_id=fields.sender_id(reading),
        price=bar.close,
        bar=bar,
        intent=Intent.BAR,
        blocks=blocks,
        notes=tuple(reading.notes[:MAX_NOTES]),
    )


def _trade(reading: Reading, source: Source, meaning: Meaning, rules: IntakeRules) -> Update:
    """Return the update of a body that speaks of a trade: an entry, a request about positions or a status."""
    notes = reading.notes
    found, no_contract = underlying(reading)
    option = options.wish(reading, found.option)
    if option is not None:
        premiums.leave_out(reading, option, of_symbol=found.option is not None)
    times = moments.times(reading, rules.naive_zone)
    length, no_length = fields.minutes(reading)
    price = _price(reading, meaning)
    intent, request = request_of(reading, meaning)
    facts: SignalFacts | None = None
    blocks: list[Reason] = [reason for reason in (times.block, no_contract) if reason is not None]
    if intent is Intent.ENTRY and meaning.direction is not None:
        facts, faults = signal.signal(reading, meaning.direction, price, rules.level_max_pct)
        blocks += [reason for reason in (no_length,) if reason is not None] + faults
        if reading.has("saty_phase"):
            notes.append(
                "satyPhase is an oscillator's value and not kept; send the phase as a body of its own"
            )
    elif meaning.why is not None:
        if meaning.why.heard.kind == TEST and not is_heartbeat(meaning.why):
            blocks.append(Reason("TEST", f"{meaning.why} is a test", Tone.NEUTRAL))
        notes.append(f"read as {intent}: {meaning.why}")
    _tell_unread(reading)
    return Update(
        source=source,
        symbol=found.symbol,
        exchange=found.exchange,
        timeframe=length,
        timestamp=times.timestamp,
        fired=times.fired,
        fired_at=times.fired_at,
        sender_id=fields.sender_id(reading),
        price=price,
        signal=facts,
        intent=intent if intent is not None else Intent.STATUS,
        strategy=fields.label_of(reading, "strategy"),
        request=request,
        option=option,
        blocks=tuple(blocks),
        notes=tuple(notes[:MAX_NOTES]),
    )


def _price(reading: Reading, meaning: Meaning) -> float | None:
    """Return the stated price; one that is none refuses an entry, but no exit is lost for it."""
    try:
        return fields.price(reading)
    except IntakeError as error:
        if meaning.intent is Intent.ENTRY:
            raise
        reading.notes.append(f"{error.reason}; left out")
        return None


def _lean(reading: Reading, meaning: Meaning) -> None:
    """Take the direction of a body that states only where the market leans; raises IntakeError."""
    value, path = reading.first("leaning")
    if path is None:
        for _, where, said in reading.all("loose"):
            raise IntakeError(
                "NO_DIRECTION",
                f"{where}: {shown(said)} is not a direction; accepted are {ACCEPTED_DIRECTIONS}",
                where,
            )
        raise IntakeError(
            "NO_DIRECTION", f"direction: missing; accepted are {ACCEPTED_DIRECTIONS}", "direction"
        )
    read = DIRECTIONS.get(word(value) or "")
    if read is None:
        raise IntakeError(
            "NO_DIRECTION",
            f"{path}: {shown(value)} is not a direction; accepted are {ACCEPTED_DIRECTIONS}",
            path,
        )
    reading.notes.append(f"direction taken from {path}")
    meaning.intent, meaning.direction = Intent.ENTRY, read
    meaning.why = Said(path, value, NOTHING)


def _is_bar(reading: Reading) -> bool:
    if not reading.has("symbol") or reading.has("leaning", "score", "phase", "phase_name", "local_bias"):
        return False
    if at_price_endpoint(reading.endpoint):
        return reading.has("price", "close", "order_price")
    if reading.has("setup_valid", "liquidity_ok", "side"):
        return False
    if reading.has("close"):
        return reading.has("open", "high", "low", "volume", "timeframe", "bar_time", "fired")
    return bool(
        reading.has("price")
        and reading.has("timeframe")
        and reading.has("bar_time", "fired")
        and not reading.unread
    )


def _value_at(reading: Reading, path: str) -> object:
    return next(
        (value for slot in ("loose", "event") for _, at, value in reading.all(slot) if at == path), None
    )


def _tell_unread(reading: Reading) -> None:
    """Tell the keys that look like a level, time, side, size or timeframe and fall into no slot."""
    for path, plain, value in reading.unread:
        if isinstance(value, str) and len(value) > _SHORT:
            continue
        for what, pattern in _LOOKS_LIKE:
            if pattern.search(plain):
                reading.notes.append(f"{path}: {shown(value)} looks like {what} and was not read")
                break
        if len(reading.notes) >= MAX_NOTES:
            return
