"""Simulated senders of all five sources: their posts of each minute, some malformed.

Each symbol has a slow random bias, which phases, alignments and signals follow; it is independent of the
market's random numbers, so no post knows future prices. The same seed gives the same posts for the same prices.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

TIMEFRAMES = ((5, 0.74), (15, 0.16), (60, 0.07), (240, 0.03))
DOTS = ("tf3min", "tf5min", "tf15min", "tf30min", "tf60min", "tf240min")
PHASE_EVENTS = {1: "ENTER_ACCUMULATION", 2: "ZERO_CROSS_UP", 3: "ENTER_DISTRIBUTION", 4: "ZERO_CROSS_DOWN"}
PATTERNS = ("2-1-2 continuation", "3-1-2 reversal", "1-2-2 revstrat", "2-2 reversal")

SIGNALS = "/api/webhooks/signals"
SATY = "/api/webhooks/saty-phase"
TREND = "/api/webhooks/trend"
ULTIMATE = "/api/webhooks/ultimate-options"
STRAT = "/api/webhooks/strat"
ANY = "/api/webhooks"


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP request to make: the address and the body."""

    endpoint: str
    body: bytes


class SimulatedSenders:
    """Makes the posts of each minute."""

    def __init__(self, symbols: tuple[str, ...], seed: int) -> None:
        self.symbols = symbols
        self._rng = np.random.default_rng([seed, 0x73656E64])
        self._mood = dict(zip(symbols, self._rng.choice([1, -1], len(symbols)).tolist(), strict=True))
        self._count = 0
        self._last: Post | None = None
        self._greeted = False

    def posts(self, now: datetime, spot: Callable[[str], float]) -> tuple[Post, ...]:
        """Return the posts of this instant, in order."""
        found = list(self._minute(now, spot))
        if found:
            self._last = found[-1]
        return tuple(found)

    # --- one minute ------------------------------------------------------------------------------------

    def _minute(self, now: datetime, spot: Callable[[str], float]) -> Iterator[Post]:
        minute = now.hour * 60 + now.minute
        first, self._greeted = not self._greeted, True
        for i, symbol in enumerate(self.symbols):
            if self._chance(1 / 180):
                self._mood[symbol] *= -1
            if first or minute % 25 == (2 * i) % 25:
                yield self._phase(symbol, now)
            if first or minute % 10 == i % 10:
                yield self._dots(symbol, now, spot(symbol))
            if first or minute % 28 == (3 * i) % 28:
                yield self._strat(symbol, now, spot(symbol))
            if first and i < 2:
                yield self._signal(symbol, now, spot(symbol), strong=True)
            elif self._chance(1 / 7):
                yield self._signal(symbol, now, spot(symbol))
            elif self._chance(1 / 60):
                yield self._ultimate(symbol, now, spot(symbol))
        if self._chance(1 / 8):
            yield self._irregular_post(now, spot)

    def _phase(self, symbol: str, now: datetime) -> Post:
        up = self._mood[symbol] > 0
        phase = int(self._pick((1, 2, 2)) if up else self._pick((3, 4, 4)))
        body = {
            "meta": {"engine": "SATY_PO", "engine_version": "1.0.0", "event_id": self._id("saty"),
                     "event_type": "REGIME_PHASE_ENTRY", "generated_at": _iso(now)},
            "instrument": {"symbol": symbol, "exchange": "NASDAQ", "session": "REGULAR"},
            "timeframe": {"chart_tf": "30", "event_tf": "30M"},
            "event": {"name": PHASE_EVENTS[phase], "event_priority": 6},
            "oscillator_state": {"value": round(self._mood[symbol] * float(self._rng.uniform(10, 90)), 2)},
            "regime_context": {"local_bias": "BULLISH" if up else "BEARISH",
                               "htf_bias": "BULLISH" if up else "BEARISH"},
            "confidence": {"confidence_score": int(self._rng.integers(42, 97))},
        }  # fmt: skip
        return self._post(SATY, body)

    def _dots(self, symbol: str, now: datetime, spot: float) -> Post:
        lean = "bullish" if self._mood[symbol] > 0 else "bearish"
        other = "bearish" if lean == "bullish" else "bullish"
        frames = {tf: {"direction": lean if self._chance(0.83) else other, "open": spot} for tf in DOTS}
        body = {"ticker": symbol, "exchange": "AMEX", "price": round(spot, 2), "timeframes": frames,
                "timenow": _iso(now)}  # fmt: skip
        return self._post(TREND, body)

    def _strat(self, symbol: str, now: datetime, spot: float) -> Post:
        body = {
            "symbol": symbol,
            "setup_valid": self._chance(0.93),
            "liquidity_ok": self._chance(0.95),
            "quality": str(self._pick(("A", "A", "B", "B", "C"))),
            "pattern": str(self._pick(PATTERNS)),
            "price": round(spot, 2),
            "timestamp": int(now.timestamp() * 1000),
        }
        return self._post(STRAT, body)

    def _signal(self, symbol: str, now: datetime, spot: float, *, strong: bool = False) -> Post:
        sign = self._lean(symbol)
        minutes = (
            5 if strong else int(self._rng.choice([t for t, _ in TIMEFRAMES], p=[p for _, p in TIMEFRAMES]))
        )
        score = 9.6 if strong else round(float(self._rng.uniform(4.8, 10.2)), 1)
        body: dict[str, Any] = {
            "signal": {"type": "LONG" if sign > 0 else "SHORT", "timeframe": str(minutes),
                       "quality": "EXTREME" if score >= 9 else "HIGH" if score >= 7 else "MEDIUM",
                       "ai_score": score, "bar_time": _iso(now - timedelta(minutes=minutes))},
            "instrument": {"ticker": symbol, "exchange": "NASDAQ", "current_price": round(spot, 4)},
            "market_context": {"volume_vs_avg": round(float(self._rng.uniform(0.6, 2.2)), 2)},
            "trend": {"strength": int(self._rng.integers(40, 99))},
            "meta": {"event_id": self._id("tv")},
        }  # fmt: skip
        if self._chance(0.45):
            stop = spot * {5: 0.0026, 15: 0.005, 60: 0.008, 240: 0.02}[minutes]
            stop *= float(self._rng.uniform(0.7, 1.3))
            reach = float(self._rng.uniform(1.2, 2.2))
            body["entry"] = {
                "price": round(spot, 4),
                "stop_loss": round(spot - sign * stop, 4),
                "target_1": round(spot + sign * stop * reach, 4),
                "target_2": round(spot + sign * stop * reach * 1.7, 4),
            }
            body["risk"] = {"rr_ratio_t1": round(reach, 2), "rr_ratio_t2": round(reach * 1.7, 2)}
        return self._post(SIGNALS, body)

    def _ultimate(self, symbol: str, now: datetime, spot: float) -> Post:
        sign = self._lean(symbol)
        score = round(float(self._rng.uniform(5.5, 10.0)), 1)
        body = {
            "signal": {"type": "BUY" if sign > 0 else "SELL", "ai_score": score,
                       "quality": "EXTREME" if score >= 9 else "HIGH"},
            "instrument": {"ticker": symbol, "current_price": round(spot, 4)},
            "meta": {"event_id": self._id("uo"), "generated_at": _iso(now)},
        }  # fmt: skip
        return self._post(ULTIMATE, body)

    # --- repeated, late and malformed posts ------------------------------------------------------------

    def _irregular_post(self, now: datetime, spot: Callable[[str], float]) -> Post:
        symbol = str(self._pick(self.symbols))
        price = round(spot(symbol), 2)
        kind = int(self._rng.integers(0, 8))
        if kind == 0 and self._last is not None:
            return self._last
        if kind == 1:
            return Post(
                SIGNALS, b'{"ticker":"{{ticker}}","action":"{{strategy.order.action}}","price":{{close}}}'
            )
        if kind == 2:
            return Post(
                SIGNALS, f'{{"ticker":"{symbol}","action":"buy","price":{price},"score":NaN}}'.encode()
            )
        if kind == 3:
            late = now - timedelta(minutes=55)
            return self._post(SIGNALS, {"ticker": symbol, "action": "sell", "price": price, "score": 8.8,
                                        "timeframe": "5", "time": _iso(late), "id": self._id("late")})  # fmt: skip
        if kind == 4:
            inner = json.dumps({"ticker": symbol, "trend": "BULLISH", "score": "8.1", "price": str(price),
                                "timenow": _iso(now)})  # fmt: skip
            return self._post(ANY, {"text": inner})
        if kind == 5:
            return Post(
                SIGNALS, f"EMA Cross: order buy @ 1 filled on {symbol}. New strategy position is 1".encode()
            )
        if kind == 6:
            evil = {
                "ticker": symbol,
                "action": "buy",
                "price": price,
                "score": 7.7,
                "timenow": _iso(now),
                "comment": "\x1b]52;c;bm8=\x07[@click=app.quit]go[/x]",
                "id": "\x1b[2J" + self._id("esc"),
            }
            return self._post(SIGNALS, evil)
        return Post(ANY, b'{"hello": "world"')

    # --- helpers ---------------------------------------------------------------------------------------

    def _lean(self, symbol: str) -> int:
        mood = int(self._mood[symbol])
        return mood if self._chance(0.8) else -mood

    def _chance(self, p: float) -> bool:
        return bool(self._rng.random() < p)

    def _pick(self, options: tuple[Any, ...]) -> Any:
        return options[int(self._rng.integers(0, len(options)))]

    def _id(self, head: str) -> str:
        self._count += 1
        return f"{head}-{self._count}"

    def _post(self, endpoint: str, body: dict[str, Any]) -> Post:
        return Post(endpoint, json.dumps(body).encode())


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
