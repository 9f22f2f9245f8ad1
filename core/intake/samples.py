"""Sample bodies: a realistic body of every source, for `gatedeck send`, the demo and tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from core.intake.words import SCORE_MAX
from core.model import Direction, Source

_WORDS: Final = {Direction.LONG: "BULLISH", Direction.SHORT: "BEARISH"}
_PHASES: Final = {Direction.LONG: (2, "ENTER_MARKUP"), Direction.SHORT: (4, "ENTER_MARKDOWN")}
_DOTS: Final = ("tf3min", "tf5min", "tf15min", "tf30min", "tf60min", "tf240min", "tf1week", "tf1month")
_SIDES: Final = (("stop_loss", -1.0), ("target_1", 1.5), ("target_2", 2.5))


def sample(
    source: Source,
    now: datetime,
    symbol: str,
    price: float,
    direction: Direction,
    *,
    timeframe: int = 15,
    score: float = 8.7,
    confidence: float = 82.0,
    agreeing: int = 7,
    risk_pct: float = 0.4,
    valid: bool = True,
) -> dict[str, Any]:
    """Return a body of one source as a dict, sent at ``now`` (aware); its id is that of source, symbol and second.

    ``timeframe`` in minutes, ``score`` 0–10.5, ``confidence`` 0–100 of the phase, ``agreeing`` of the eight
    timeframes, ``risk_pct`` the stop's distance in percent of price, ``valid`` for STRAT_EXEC.
    """
    side = Direction(direction)
    stamp = _Stamp(now, symbol, price, side, timeframe)
    if source is Source.SATY_PHASE:
        return _saty(stamp, confidence)
    if source is Source.MTF_DOTS:
        return _dots(stamp, agreeing)
    if source is Source.STRAT_EXEC:
        return _strat(stamp, valid)
    body = _signal(stamp, score, risk_pct)
    if source is Source.ULTIMATE_OPTIONS:
        del body["signal"]["timeframe"]
    return body


class _Stamp:
    """Values that all bodies of one moment share."""

    def __init__(self, now: datetime, symbol: str, price: float, side: Direction, timeframe: int) -> None:
        self.sent = now.isoformat(timespec="seconds").replace("+00:00", "Z")
        self.bar_open = (
            (now - timedelta(minutes=timeframe)).isoformat(timespec="seconds").replace("+00:00", "Z")
        )
        self.symbol, self.price, self.side, self.timeframe = symbol, round(price, 2), side, str(timeframe)
        self.id = f"{symbol}_{timeframe}_{int(now.timestamp())}".lower()


def _saty(stamp: _Stamp, confidence: float) -> dict[str, Any]:
    _, event = _PHASES[stamp.side]
    leaning, sign = _WORDS[stamp.side], stamp.side.sign
    return {
        "meta": {
            "engine": "SATY_PO",
            "engine_version": "2.0.0",
            "event_id": f"saty_{stamp.id}",
            "event_type": "REGIME_PHASE_ENTRY",
            "generated_at": stamp.sent,
        },
        "instrument": {
            "symbol": stamp.symbol,
            "exchange": "AMEX",
            "asset_class": "ETF",
            "session": "REGULAR",
        },
        "timeframe": {
            "chart_tf": stamp.timeframe,
            "event_tf": f"{stamp.timeframe}M",
            "bar_close_time": stamp.sent,
        },
        "event": {"name": event, "description": "phase change", "event_priority": 8},
        "oscillator_state": {"value": 61.8 * sign, "previous_value": 48.2 * sign, "velocity": "INCREASING"},
        "regime_context": {
            "local_bias": leaning,
            "htf_bias": {"tf": "60", "bias": leaning, "osc_value": 52.3 * sign},
            "macro_bias": {"tf": "240", "bias": leaning},
            "volatility_state": "NORMAL",
        },
        "confidence": {"raw_strength": 0.8, "htf_alignment": True, "confidence_score": confidence},
        "execution_guidance": {"trade_allowed": True, "allowed_directions": [stamp.side.value]},
        "risk_hints": {"avoid_if": ["LOW_VOLUME"], "time_decay_minutes": 60, "cooldown_tf": stamp.timeframe},
        "audit": {"source": "tradingview", "deduplication_key": f"saty_{stamp.id}"},
    }


def _dots(stamp: _Stamp, agreeing: int) -> dict[str, Any]:
    against = _WORDS[stamp.side.opposite].lower()
    return {
        "id": f"dots_{stamp.id}",
        "ticker": stamp.symbol,
        "exchange": "AMEX",
        "timestamp": stamp.sent,
        "timenow": stamp.sent,
        "price": stamp.price,
        # Long timeframes turn last, so the ones that disagree are the short ones.
        "timeframes": {
            key: {
                "direction": _WORDS[stamp.side].lower() if n >= len(_DOTS) - agreeing else against,
                "close": stamp.price,
            }
            for n, key in enumerate(_DOTS)
        },
    }


def _strat(stamp: _Stamp, valid: bool) -> dict[str, Any]:
    return {
        "id": f"strat_{stamp.id}",
        "symbol": stamp.symbol,
        "exchange": "AMEX",
        "timeframe": stamp.timeframe,
        "timenow": stamp.sent,
        "price": stamp.price,
        "setup_valid": valid,
        "liquidity_ok": True,
        "quality": "A",
        "pattern": "2-1-2 CONTINUATION",
    }


def _signal(stamp: _Stamp, score: float, risk_pct: float) -> dict[str, Any]:
    move = stamp.price * risk_pct / 100 * stamp.side.sign
    quality = "EXTREME" if score >= 9 else "HIGH" if score >= 7 else "MEDIUM"
    return {
        "id": f"signal_{stamp.id}",
        "timenow": stamp.sent,
        "signal": {
            "type": stamp.side.value,
            "timeframe": stamp.timeframe,
            "quality": quality,
            "ai_score": min(score, SCORE_MAX),
            "bar_time": stamp.bar_open,
        },
        "instrument": {"ticker": stamp.symbol, "exchange": "AMEX", "current_price": stamp.price},
        "entry": {
            "price": stamp.price,
            **{key: round(stamp.price + move * times, 2) for key, times in _SIDES},
        },
        "risk": {"rr_ratio_t1": 1.5, "rr_ratio_t2": 2.5},
        "market_context": {"volume_vs_avg": 1.2, "atr": round(stamp.price * 0.002, 2)},
        "trend": {"alignment": _WORDS[stamp.side], "strength": 78},
        "mtf_context": {"4h_bias": stamp.side.value, "1h_bias": stamp.side.value},
        "components": ["STRAT", "TREND", "VWAP"],
    }
