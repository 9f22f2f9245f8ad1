"""Signal body (TradingView's or the ultimate options indicator's) to signal facts."""

from __future__ import annotations

import math
from typing import Any, Final

from core.intake.body import Body
from core.intake.detect import LEANINGS, ORDER_DIRECTIONS, SCORES
from core.intake.errors import IntakeError, shown
from core.intake.fields import (
    MOST_PRICE,
    MOST_RATIO,
    Path,
    Paths,
    amount,
    first,
    label_of,
    name_of,
    price,
    price_of,
    strict_number,
)
from core.intake.words import (
    ACCEPTED_DIRECTIONS,
    BIASES,
    DAYS,
    DIRECTIONS,
    EXITS,
    SCORE_MAX,
    number,
    timeframe,
    word,
)
from core.model import Bias, Direction, Quality, Session, SignalFacts

_ENTRY: Final[Paths] = (("entry", "price"), ("entry", "entry_price"), (None, "entry_price"))
_STOP: Final[Paths] = (
    ("entry", "stop_loss"),
    ("entry", "stop"),
    ("risk", "stop_loss"),
    (None, "stop_loss"),
    (None, "stop"),
    (None, "sl"),
)
_TARGET_1: Final[Paths] = (
    ("entry", "target_1"),
    ("entry", "target1"),
    (None, "target_1"),
    (None, "target1"),
    (None, "t1"),
    (None, "tp1"),
    (None, "target"),
    (None, "take_profit"),
)
_TARGET_2: Final[Paths] = (
    ("entry", "target_2"),
    ("entry", "target2"),
    (None, "target_2"),
    (None, "target2"),
    (None, "t2"),
    (None, "tp2"),
)
_RR1: Final[Paths] = (
    ("risk", "rr_ratio_t1"),
    ("risk", "rr1"),
    (None, "rr_ratio_t1"),
    (None, "rr1"),
    (None, "rr"),
)
_RR2: Final[Paths] = (("risk", "rr_ratio_t2"), ("risk", "rr2"), (None, "rr_ratio_t2"), (None, "rr2"))
_VOLUME: Final[Paths] = (("market_context", "volume_vs_avg"), (None, "volume_vs_avg"), (None, "volume_ratio"))
_STRENGTH: Final[Paths] = (("trend", "strength"), (None, "trend_strength"))
_BIAS_4H: Final[Paths] = (("mtf_context", "4h_bias"), (None, "4h_bias"), (None, "bias_4h"))
_BIAS_1H: Final[Paths] = (("mtf_context", "1h_bias"), (None, "1h_bias"), (None, "bias_1h"))
_SESSION: Final[Paths] = (
    ("time_context", "market_session"),
    (None, "marketSession"),
    (None, "market_session"),
    (None, "session"),
)
_DAY: Final[Paths] = (("time_context", "day_of_week"), (None, "day_of_week"), (None, "day"))
_DAILY_ATR: Final[Paths] = (("market_context", "daily_atr"), (None, "daily_atr"), (None, "atr_daily"))
_CHART_ATR: Final[Paths] = (("market_context", "atr"), (None, "atr"), (None, "atr14"))
_ATR_TIMEFRAME: Final[Paths] = (
    ("market_context", "atr_timeframe"),
    (None, "atr_timeframe"),
    (None, "atr_tf"),
)
_QUALITY: Final[Paths] = (("signal", "quality"), ("expert", "quality"), (None, "quality"))
_CONFIDENCE: Final[Paths] = (("signal", "confidence"), (None, "confidence"))
_EVENT: Final[Paths] = (
    ("signal", "strat_pattern"),
    (None, "strat_pattern"),
    ("signal", "pattern"),
    (None, "pattern"),
    ("signal", "event"),
    (None, "event"),
    ("signal", "setup"),
)
_POSITION: Final[Paths] = ((None, "market_position"), (None, "mar_pos"), ("strategy", "market_position"))
_POSITION_SIZE: Final[Paths] = (
    (None, "market_position_size"),
    (None, "position_size"),
    (None, "mar_pos_size"),
)
_OPTION: Final[Paths] = ((None, "strategy"), (None, "option_type"), (None, "right"))

_LOOSE = frozenset(((None, "type"), (None, "signal")))
"""Keys that may also hold an order type or a strategy's name; such values are ignored."""

_QUALITY_FROM: Final = ((9.0, Quality.EXTREME), (7.0, Quality.HIGH), (-math.inf, Quality.MEDIUM))
MAX_COMPONENTS = 32


def signal(body: Body, notes: list[str]) -> SignalFacts:
    """Return the proposed trade. Raises IntakeError without a direction or for a malformed number."""
    direction = _direction(body, notes)
    _refuse_exits(body, direction)
    score = _score(body, notes)
    atr, daily = _atr(body, notes)
    target_1, target_2 = _targets(body)
    return SignalFacts(
        direction=direction,
        ai_score=score,
        quality=_quality(body, score, notes),
        event=label_of(body, _EVENT),
        entry=_entry(body),
        stop=price(body, _STOP, none_is_zero=True),
        target_1=target_1,
        target_2=target_2,
        rr1=amount(body, _RR1, notes, 0, MOST_RATIO),
        rr2=amount(body, _RR2, notes, 0, MOST_RATIO),
        volume_ratio=amount(body, _VOLUME, notes, 0, MOST_RATIO),
        trend_strength=amount(body, _STRENGTH, notes, 0, 100),
        bias_4h=_bias(body, _BIAS_4H),
        bias_1h=_bias(body, _BIAS_1H),
        session=_one_of(body, _SESSION, {s.value: s.value for s in Session}, notes),
        day=_one_of(body, _DAY, DAYS, notes),
        atr=atr,
        atr_is_daily=daily,
        components=_components(body),
    )


def _direction(body: Body, notes: list[str]) -> Direction:
    found: Direction | None = None
    where: Path | None = None
    unread: tuple[Path, Any] | None = None
    for path in ORDER_DIRECTIONS:
        value = first(body, (path,))[0]
        if value is None or isinstance(value, dict):
            continue
        text = word(value) or ""
        if text in EXITS:
            raise _exit(name_of(path), shown(value))
        read = DIRECTIONS.get(text)
        if read is None:
            if path not in _LOOSE:
                raise _unknown(path, value)
            unread = unread or (path, value)
        elif found is not None and where is not None and read is not found:
            raise IntakeError(
                "AMBIGUOUS_DIRECTION",
                f"{name_of(path)}: says {read}, {name_of(where)} says {found}",
                name_of(path),
            )
        elif found is None:
            found, where = read, path
    if found is not None:
        return found
    return _leaning(body, notes, unread)


def _leaning(body: Body, notes: list[str], unread: tuple[Path, Any] | None) -> Direction:
    """Return the direction of a body that states only a bias or a trend."""
    value, path = first(body, LEANINGS)
    if path is None:
        if unread is not None:
            raise _unknown(*unread)
        raise IntakeError(
            "NO_DIRECTION", f"direction: missing; accepted are {ACCEPTED_DIRECTIONS}", "direction"
        )
    read = DIRECTIONS.get(word(value) or "")
    if read is None:
        raise _unknown(path, value)
    notes.append(f"direction taken from {name_of(path)}")
    return read


def _unknown(path: Path, value: Any) -> IntakeError:
    name = name_of(path)
    return IntakeError(
        "NO_DIRECTION", f"{name}: {shown(value)} is not a direction; accepted are {ACCEPTED_DIRECTIONS}", name
    )


def _exit(field: str, said: str) -> IntakeError:
    return IntakeError(
        "NOT_AN_ENTRY",
        f"{field}: {said} closes or reduces a position; only entries are taken as signals",
        field,
    )


def _refuse_exits(body: Body, direction: Direction) -> None:
    """Refuse a strategy's order that closes or reduces its position: it proposes no trade."""
    stated, path = first(body, _POSITION)
    if path is not None and (text := word(stated)) is not None:
        if text == "FLAT" or DIRECTIONS.get(text, direction) is not direction:
            raise _exit(name_of(path), f"{shown(stated)} after a {direction} order")
    else:
        size, path = first(body, _POSITION_SIZE)
        if path is not None and _is_zero(size):
            raise _exit(name_of(path), "a position of 0")
    option, path = first(body, _OPTION)
    if path is not None and word(option) in ("PUT", "PUTS") and direction is Direction.LONG:
        raise IntakeError(
            "AMBIGUOUS_DIRECTION",
            f"{name_of(path)}: {shown(option)} with a buying direction; send the underlying's direction",
            name_of(path),
        )


def _is_zero(value: Any) -> bool:
    try:
        return number(value) == 0
    except ValueError:
        return False


def _score(body: Body, notes: list[str]) -> float | None:
    """Return the score on 0–10.5; a percentage is scaled, other values are ignored with a note."""
    value, path = first(body, SCORES)
    if path is None:
        if isinstance(body.get("confidence"), dict):
            return None
        value, path = first(body, _CONFIDENCE)
        if path is None:
            return None
    name = name_of(path)
    read = strict_number(value, name)
    if read is None:
        return None
    if 0 <= read <= SCORE_MAX:
        return read
    if SCORE_MAX < read <= 100:
        notes.append(f"{name}: {read:g} read as a percentage of {SCORE_MAX:g}")
        return read * SCORE_MAX / 100
    notes.append(f"{name}: {shown(value)} is outside 0 to 100 and left out")
    return None


def _quality(body: Body, score: float | None, notes: list[str]) -> Quality:
    value, path = first(body, _QUALITY)
    text = word(value)
    if text is not None and text in Quality.__members__:
        return Quality[text]
    if path is not None:
        notes.append(
            f"{name_of(path)}: {shown(value)} is none of EXTREME, HIGH, MEDIUM; taken from the score"
        )
    return next(q for least, q in _QUALITY_FROM if (score if score is not None else -math.inf) >= least)


def _entry(body: Body) -> float | None:
    plain = body.get("entry")
    return price(body, _ENTRY) if plain is None or isinstance(plain, dict) else price_of(plain, "entry")


def _targets(body: Body) -> tuple[float | None, float | None]:
    listed = body.get("targets")
    if isinstance(listed, list):
        read = [price_of(v, f"targets[{n}]", none_is_zero=True) for n, v in enumerate(listed[:2])]
        return (*read, None, None)[0], (*read, None, None)[1]
    return price(body, _TARGET_1, none_is_zero=True), price(body, _TARGET_2, none_is_zero=True)


def _atr(body: Body, notes: list[str]) -> tuple[float | None, bool]:
    daily = amount(body, _DAILY_ATR, notes, 0, MOST_PRICE)
    if daily is not None:
        return daily, True
    stated = amount(body, _CHART_ATR, notes, 0, MOST_PRICE)
    return stated, stated is not None and timeframe(first(body, _ATR_TIMEFRAME)[0]) == 1440


def _bias(body: Body, paths: Paths) -> Bias | None:
    return BIASES.get(word(first(body, paths)[0]) or "")


def _one_of(body: Body, paths: Paths, known: dict[str, str], notes: list[str]) -> str | None:
    value, path = first(body, paths)
    read = known.get(word(value) or "")
    if path is not None and read is None:
        notes.append(f"{name_of(path)}: {shown(value)} left out")
    return read


def _components(body: Body) -> tuple[str, ...]:
    sent = body.get("components")
    if sent is None:
        held = body.get("signal")
        sent = held.get("components") if isinstance(held, dict) else None
    if isinstance(sent, str):
        sent = sent.split(",")
    if not isinstance(sent, list):
        return ()
    return tuple(
        part for item in sent[:MAX_COMPONENTS] if isinstance(item, str) and (part := item.strip()[:40])
    )
