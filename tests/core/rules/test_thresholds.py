"""Rules that are thresholds: each is compared by core.thresholds alone, and met when it is met exactly.

The thresholds are found from the rules' metadata and from the source, so that a new one cannot be forgotten: a float
rule in a raw comparison fails, one given to core.thresholds without being declared fails, and so does a declared one
that has no probe here.
"""

from __future__ import annotations

import ast
import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.alerts import AlertBook, active_alerts
from core.approvals import approval_needed
from core.context import ContextBook, validity
from core.correlation import counts_as_one
from core.decision.confidence import alignment_value, expert_value
from core.decision.confluence import confluence
from core.decision.contracts import contract_count
from core.decision.decide import decide
from core.decision.gates import regime_gate, structural_gate
from core.decision.levels import level_test
from core.decision.market_gate import atr_part, depth_part, market_gate, spread_part, without_stale_quotes
from core.decision.size_inputs import phase_boosts, quality_of, trend_boost, volatility_regime
from core.decision.sizing import position_size
from core.engine import Engine
from core.engine.listed_contract import Wanted, chain_fault, listed_contract
from core.engine.receipts import _future_note
from core.engine.stated_price import stated_price
from core.engine.underlyings import looks_split
from core.events import OptionChain, PriceSeen, Received
from core.exchange.calendar import Calendar, TradingDay
from core.exposure import Exposure, greek_limits
from core.intake import normalise
from core.model import (
    AlignmentFacts,
    Bias,
    Context,
    Contract,
    ContractCount,
    Direction,
    Levels,
    MarketSnapshot,
    Quality,
    RegimeFacts,
    Session,
    SignalFacts,
    SizeInputs,
    Source,
    Update,
)
from core.options.contract import strike_step
from core.options.fills import Order, Side, fill
from core.options.quotes import OptionQuote, spread_fault
from core.options.spreads import model_spread
from core.options.ticks import tick
from core.positions.marking import is_out_of_the_money
from core.positions.parity import implied_dividends
from core.positions.settle import is_near, is_wide_gap
from core.positions.trading_context import TradingContext
from core.risk import daily_loss_reached
from core.rules import Rules

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
LONG = Direction.LONG
EXPERT = SignalFacts(direction=LONG, ai_score=9.0)
HELPERS = {"above", "at_least", "at_most", "below", "whole_down", "whole_up"}
Probe = Callable[[float, float], object]


def rules(path: str, value: Any) -> Rules:
    section, name = path.split(".")
    return replace(Rules(), **{section: replace(getattr(Rules(), section), **{name: value})})


def context(**facts: Any) -> Context:
    return Context(symbol="SPY", as_of=NOW, session=Session.OPEN, price=100.0, expert=EXPERT, **facts)


def aligned(pct: float) -> AlignmentFacts:
    return AlignmentFacts(bullish_pct=pct, bearish_pct=0.0, states={})


def market(**facts: Any) -> MarketSnapshot:
    return MarketSnapshot(symbol="SPY", as_of=NOW, **facts)


def confidence(path: str) -> Probe:
    """The action at a confidence that is the AI score's share alone; both thresholds move together."""

    def probe(t: float, v: float) -> object:
        own = replace(rules(path, t).confidence, **dict.fromkeys(WEIGHTS, 0.0), expert_weight=1.0)
        got = replace(Rules(), confidence=own)
        # The confidence is rounded to .1 before it is compared, so the threshold is what moves here.
        moved = replace(got, confidence=replace(own, **{path.split(".")[1]: t - (v - t)}))
        expert = replace(EXPERT, ai_score=10.5 * t / 100)
        facts = replace(context(), expert=expert, regime=None)
        return decide(facts, market(spread_bps=1.0, atr14=1.0, depth_score=90.0), moved).action

    return probe


WEIGHTS = ("regime_weight", "alignment_weight", "market_weight", "structural_weight")


def sized(**inputs: Any) -> SizeInputs:
    facts: dict[str, Any] = {
        "direction": LONG, "confluence": None, "quality": Quality.MEDIUM, "htf_alignment": "GOOD",
        "session": Session.MIDDAY, "day": "WEDNESDAY",
    }  # fmt: skip
    return SizeInputs(**(facts | inputs))


def step_of(path: str, field: str) -> Probe:
    name = path.split(".")[1]
    return lambda t, v: position_size(sized(**{field: v}), rules(path, ((t, 2.0), (-1e9, 1.0)))).factors[name]


def count(path: str, *, premium: float, loss: float, multiplier: float) -> Probe:
    def probe(t: float, v: float) -> object:
        share = v / t
        found = contract_count(premium * share, loss * share, multiplier, rules(path, t))
        return (found.contracts, found.bound_by) if isinstance(found, ContractCount) else found.code

    return probe


def exposed(path: str, greek: str, per_account: float) -> Probe:
    def probe(t: float, v: float) -> object:
        limits = greek_limits(Exposure(), Exposure(**{greek: v * 25_000 * per_account}), 1, rules(path, t))
        return [most for _, _, most, _ in limits]

    return probe


def parity(own: Rules, late: float = 0.0, off: float = 0.0) -> float | None:
    """Return the price implied by call and put at 100, quoted ``late`` seconds before and ``off`` percent away."""
    at = NOW - timedelta(seconds=late)
    quotes = {
        each.occ: OptionQuote(bid=mid - 0.001, ask=mid + 0.001, at=at, source="feed")
        for each, mid in ((CALL, 5.0 - off), (replace(CALL, right="P"), 5.0))
    }
    return implied_dividends(CALL, quotes, 100.0, NOW, 1e-12, 1e-12, trading(own))


CALL = Contract(underlying="SPY", root="SPY", expiry=date(2026, 11, 27), strike=100.0, right="C")


def after_a_night(t: float, v: float) -> object:
    def at(price: float, when: datetime) -> PriceSeen:
        return PriceSeen(seq=1, at=when, symbol="SPY", price=price, priced_at=when, source="feed")

    before, after = at(200.0 * (1 + v / 100), NOW - timedelta(days=1)), at(100.0, NOW)
    own = rules("intake.split_tolerance_pct", t)
    found = looks_split(before, after, Calendar.from_rules(own.clock), own.intake)
    return found is None or "split" not in found.text


def far_strike(t: float, v: float) -> object:
    """The only strike of a chain: v percent away."""
    engine = Engine()
    engine.rules = rules("contract.strike_max_pct", t)
    expiry = date(2026, 11, 27)
    chain = OptionChain(expiries=(expiry,), strikes=((expiry, (100 * (1 + v / 100),)),))
    wanted = Wanted(symbol="SPY", direction=Direction.LONG, timeframe=15, spot=100.0, now=NOW)
    return getattr(listed_contract(engine, wanted, chain), "code", None) == "STRIKE_FAR"


def stated(t: float, v: float) -> object:
    engine = Engine()
    engine.rules = rules("intake.price_jump_pct", t)
    engine.state.prices["SPY"] = PriceSeen(
        seq=1, at=NOW, symbol="SPY", price=100.0, priced_at=NOW, source="webhook"
    )
    update = Update(source=Source.TRADINGVIEW_SIGNAL, symbol="SPY", price=100 * (1 + v / 100))
    return stated_price(engine, update, Received(seq=2, at=NOW, receipt_id="r", body=""))[0] is None


def future(t: float, v: float) -> object:
    engine = Engine()
    engine.rules = rules("intake.future_minutes", t)
    update = Update(source=Source.TRADINGVIEW_SIGNAL, symbol="SPY", timestamp=NOW + timedelta(minutes=v))
    return _future_note(engine, update, Received(seq=2, at=NOW, receipt_id="r", body=""))


def level(t: float, v: float) -> object:
    body = {
        "ticker": "SPY",
        "direction": "LONG",
        "ai_score": 9,
        "price": 100.0,
        "stop": 100.0 * (1 - v / 100),
    }
    return [r.code for r in normalise(body, None, rules("intake.level_max_pct", t).intake).blocks]


def passed_way(t: float, v: float) -> object:
    levels = Levels(stop=99.0, target_1=101.1, target_2=103.0, origin="signal")
    found = level_test(levels, EXPERT, 100 + 1.1 * v, rules("context.level_passed_fraction", t), 100.0)
    return found is None


def quote(bid: float, ask: float, age: float = 0.0, source: str = "feed") -> OptionQuote:
    at = NOW - timedelta(seconds=age)
    return OptionQuote(bid=bid, ask=ask, at=at, source=source, model_mid=None if source == "feed" else 1.0)


def option_spread(t: float, v: float) -> object:
    """A spread of v % around a mid of 7, where two ticks are less."""
    half = 7 * v / 200
    own = rules("contract.max_spread_pct", t)
    return spread_fault(
        quote(7 - half, 7 + half), "SPY", replace(own.contract, max_spread_ticks=0), own.fills
    )


def premium_spread(path: str) -> Probe:
    def probe(t: float, v: float) -> object:
        own = replace(rules(path, t).fills, spread_model="premium")
        span = timedelta(minutes=v)
        day = (
            TradingDay(date=NOW.date(), open=NOW - span, close=NOW + timedelta(hours=5))
            if "opening" in path
            else TradingDay(date=NOW.date(), open=NOW - timedelta(hours=2), close=NOW + span)
        )
        return model_spread(
            1.0, symbol="SPY", dte=0, entry_id="e", now=NOW, day=day, rules=own, spot=600.0, intrinsic=0.0
        )

    return probe


def filled(t: float, v: float) -> object:
    """Of 1,000 contracts, t + .1 - v percent more or less than a whole number."""
    own = rules("fills.partial_pct", t - (v - t))
    order = Order(symbol="SPY", side=Side.BUY, contracts=1000)
    done = fill(order, quote(1.0, 1.01), NOW, True, own.fills, own.contract)
    return getattr(done, "contracts", done)


def near_strike(t: float, v: float) -> object:
    return is_near(100 * (1 + v / 100), 100.0, rules("exits.settlement_near_pct", t))


def alerts(path: str, t: float, *, net: float = 0.0, sizes: tuple[float, ...] = ()) -> object:
    book = AlertBook(closed=[(NOW, net)] if net else [], sizes=list(sizes))
    own = rules(path, t)
    own = replace(own, risk=replace(own.risk, alert_size_least=2))
    return sorted(active_alerts(book, (), ContextBook(), 0, 0.0, NOW, own))


def far_out(t: float, v: float) -> object:
    """The strike of a fallback delta: v of the spot away."""
    contract = Contract(
        underlying="SPY", root="SPY", expiry=NOW.date(), strike=100 * (1 + v), right="C", style="american"
    )
    return is_out_of_the_money(contract, 100.0, rules("contract.otm_offset", t))


def trading(own: Rules) -> TradingContext:
    return TradingContext(own, Calendar.from_rules(own.clock))


def regime(confidence: float) -> RegimeFacts:
    return RegimeFacts(phase=2, bias=Bias.LONG, confidence=confidence, htf_alignment=True)


def headwind(t: float, v: float) -> object:
    found = market_gate(
        context(alignment=aligned(v)), market(gamma_bias="NEGATIVE"), rules("market.headwind_override_pct", t)
    )
    return [r.code for r in found[1] if r.code.startswith("GAMMA")]


# path -> (a threshold, the outcome at a value that is compared with it)
PROBES: dict[str, tuple[float, Probe]] = {
    "intake.future_minutes": (5.0, future),
    "intake.price_jump_pct": (5.1, stated),
    "intake.level_max_pct": (20.1, level),
    "context.validity_minutes": (
        30.1,
        lambda t, v: (
            validity(
                Update(source=Source.TRADINGVIEW_SIGNAL, symbol="SPY", timeframe=v),  # type: ignore[arg-type]
                rules("context.validity_minutes", t),
            )
            > timedelta(minutes=t + 1)
        ),
    ),
    "context.level_passed_fraction": (0.3, passed_way),
    "regime.min_confidence": (
        50.1,
        lambda t, v: regime_gate(context(regime=regime(v)), rules("regime.min_confidence", t))[0].passed,
    ),
    "structural.min_ai_score": (
        6.1,
        lambda t, v: (
            structural_gate(
                replace(context(), expert=replace(EXPERT, ai_score=v)), rules("structural.min_ai_score", t)
            )[0].passed
        ),
    ),
    "structural.quality_by_score": (
        7.1,
        lambda t, v: quality_of(v, rules("structural.quality_by_score", ((t, "HIGH"), (-1e9, "MEDIUM")))),
    ),
    "market.max_spread_bps": (
        12.1,
        lambda t, v: spread_part(v, rules("market.max_spread_bps", t).market).passed,
    ),
    "market.max_atr_pct": (2.3, lambda t, v: atr_part(v, rules("market.max_atr_pct", t).market).passed),
    "market.min_depth": (30.1, lambda t, v: depth_part(v, rules("market.min_depth", t).market).passed),
    "market.headwind_override_pct": (85.1, headwind),
    "market.stale_seconds": (
        15.1,
        lambda t, v: (
            without_stale_quotes(
                market(spread_bps=1.0, ages={"spread_bps": v}), rules("market.stale_seconds", t)
            ).spread_bps
        ),
    ),
    "confidence.weak_expert_below": (
        6.1,
        lambda t, v: round(expert_value(v, rules("confidence.weak_expert_below", t))),
    ),
    "confidence.strong_alignment_from": (
        75.1,
        lambda t, v: round(alignment_value(v, rules("confidence.strong_alignment_from", t))),
    ),
    "confidence.execute_at": (86.0, confidence("confidence.execute_at")),
    "confidence.wait_at": (60.0, confidence("confidence.wait_at")),
    "sizing.confluence_known_min": (
        0.65,
        lambda t, v: (
            confluence(
                LONG,
                {"240": LONG, "60": LONG},
                replace(
                    rules("sizing.confluence_known_min", t),
                    sizing=replace(
                        rules("sizing.confluence_known_min", t).sizing,
                        confluence_weights={"240": 0.4, "60": v - 0.4, "30": 0.3},
                    ),
                ),
            )
            is None
        ),
    ),
    "sizing.confluence": (70.1, step_of("sizing.confluence", "confluence")),
    "sizing.rr": (1.5, step_of("sizing.rr", "rr1")),
    "sizing.volume": (1.1, step_of("sizing.volume", "volume_ratio")),
    "sizing.trend": (60.1, step_of("sizing.trend", "trend_strength")),
    "sizing.volatility_by_iv": (
        70.1,
        lambda t, v: volatility_regime(
            context(),
            market(iv_percentile=v),
            rules("sizing.volatility_by_iv", ((t, "HIGH"), (-1e9, "NORMAL"))),
        ),
    ),
    "sizing.volatility_by_atr": (
        0.7,
        lambda t, v: volatility_regime(
            context(),
            market(atr14=v * Rules().market.max_atr_pct),
            rules("sizing.volatility_by_atr", ((t, "HIGH"), (-1e9, "NORMAL"))),
        ),
    ),
    "sizing.phase_strong_confidence": (
        70.1,
        lambda t, v: phase_boosts(regime(v), LONG, rules("sizing.phase_strong_confidence", t)),
    ),
    "sizing.trend_boost_aligned_pct": (
        75.1,
        lambda t, v: trend_boost(aligned(v), LONG, rules("sizing.trend_boost_aligned_pct", t)),
    ),
    "sizing.least": (
        0.7,
        lambda t, v: position_size(sized(phase_confidence_boost=v / 1.15 - 1), rules("sizing.least", t)).skip,
    ),
    "sizing.premium_cap": (
        330.0,
        count("sizing.premium_cap", premium=3.3, loss=10.0, multiplier=1.0),
    ),
    "sizing.one_contract_tolerance": (
        1.1,
        count("sizing.one_contract_tolerance", premium=1.0, loss=275.0, multiplier=1.0),
    ),
    "account.budget_pct": (1.1, count("account.budget_pct", premium=1.0, loss=1.1 * 250, multiplier=1.0)),
    "contract.otm_offset": (0.007, far_out),
    "contract.strike_steps_by_price": (
        99.9,
        lambda t, v: strike_step(
            "XYZ", v, rules("contract.strike_steps_by_price", ((t, 5.0), (-1e9, 1.0))).contract
        ),
    ),
    "contract.max_spread_pct": (10.1, option_spread),
    "contract.chain_stale_minutes": (
        60.1,
        lambda t, v: (
            chain_fault(
                "SPY",
                OptionChain(as_of=NOW - timedelta(minutes=v)),
                NOW,
                rules("contract.chain_stale_minutes", t).contract,
            )
            is None
        ),
    ),
    "volatility.parity_seconds": (
        15.1,
        lambda t, v: parity(rules("volatility.parity_seconds", t), late=v) is None,
    ),
    "volatility.parity_max_pct": (
        1.1,
        lambda t, v: parity(rules("volatility.parity_max_pct", t), off=v) is None,
    ),
    "intake.split_tolerance_pct": (3.1, after_a_night),
    "contract.strike_max_pct": (5.1, far_strike),
    "intake.gap_pct": (
        40.1,
        lambda t, v: is_wide_gap(100 * (1 + v / 100), 100.0, rules("intake.gap_pct", t)),
    ),
    "fills.opening_minutes": (15.1, premium_spread("fills.opening_minutes")),
    "fills.closing_minutes": (15.1, premium_spread("fills.closing_minutes")),
    "fills.price_stale_seconds": (
        90.1,
        lambda t, v: trading(rules("fills.price_stale_seconds", t)).is_stale(NOW - timedelta(seconds=v), NOW),
    ),
    "fills.quote_stale_seconds": (
        60.1,
        lambda t, v: quote(1.0, 1.1, v).is_stale(NOW, rules("fills.quote_stale_seconds", t).fills),
    ),
    "fills.tick_break": (3.1, lambda t, v: tick("AAPL", v, rules("fills.tick_break", t).fills)),
    "fills.partial_pct": (85.1, filled),
    "exits.settlement_near_pct": (0.23, near_strike),
    "risk.approval_above_premium": (
        1_500.1,
        lambda t, v: approval_needed(1, v, rules("risk.approval_above_premium", t)) is None,
    ),
    "risk.correlation_above": (
        0.8,
        lambda t, v: not counts_as_one(-v, rules("risk.correlation_above", t).risk),
    ),
    "risk.delta_accounts": (9.9, exposed("risk.delta_accounts", "delta", 1.0)),
    "risk.gamma_accounts": (9.9, exposed("risk.gamma_accounts", "gamma", 1.0)),
    "risk.vega_pct": (1.1, exposed("risk.vega_pct", "vega", 0.01)),
    "risk.theta_pct": (2.1, exposed("risk.theta_pct", "theta", 0.01)),
    "risk.daily_loss": (
        1_000.1,
        lambda t, v: daily_loss_reached(-v / 3 - 2 * v / 3, rules("risk.daily_loss", t)),
    ),
    "risk.alert_drawdown": (2_500.1, lambda t, v: alerts("risk.alert_drawdown", t, net=-v)),
    "risk.alert_size_z": (
        2.1,
        lambda t, v: alerts("risk.alert_size_z", t, sizes=(90.0, 110.0, 100 + v * 10 * math.sqrt(2))),
    ),
}
PROBED_WITH_THEIR_CODE = {
    "exits.scale_out_fraction": "tests/core/positions: contracts at T1",
    "exits.theta_decay_pct": "tests/core/positions: THETA_DECAY at its limit",
    "risk.premium_per_trade": "tests/core/engine/test_limits.py",
    "risk.symbol_premium": "tests/core/engine/test_limits.py",
    "learning.min_r": "inside a search over all buckets",
    "learning.min_winrate_points": "inside a search over all buckets",
    "learning.later_half_p": "inside a search over all buckets",
    "learning.fading_p": "inside a search over all buckets",
    "learning.confidence_bin": "inside the calibration",
}
"""Thresholds that no number reaches from outside alone: held by the test of the source below."""


def declared() -> set[str]:
    return {
        f"{section.name}.{rule.name}"
        for section in dataclasses.fields(Rules)
        if dataclasses.is_dataclass(getattr(Rules(), section.name))
        for rule in dataclasses.fields(getattr(Rules(), section.name))
        if rule.metadata.get("threshold")
    }


def test_every_threshold_has_a_probe() -> None:
    assert set(PROBES) | set(PROBED_WITH_THEIR_CODE) == declared()


@pytest.mark.parametrize("path", sorted(PROBES))
@settings(max_examples=12, deadline=None)
@given(bits=st.integers(-8, 8), far=st.sampled_from((2e-6, 1e-4)))
def test_a_threshold_met_exactly_is_met(path: str, bits: int, far: float) -> None:
    t, probe = PROBES[path]
    exact = probe(t, t)
    assert probe(t, t + bits * math.ulp(t)) == exact
    assert probe(t, t * (1 - far)) != probe(t, t * (1 + far)), "the probe does not reach the comparison"


# --- the source ---------------------------------------------------------------------------------------


def float_rules() -> dict[str, set[str]]:
    """The paths of the rules that are floats, by their names."""
    found: dict[str, set[str]] = {}
    for section in dataclasses.fields(Rules):
        values = getattr(Rules(), section.name)
        if dataclasses.is_dataclass(values):
            for rule in dataclasses.fields(values):
                if isinstance(getattr(values, rule.name), float):
                    found.setdefault(rule.name, set()).add(f"{section.name}.{rule.name}")
    return found


@cache
def sources() -> tuple[tuple[str, ast.Module], ...]:
    files = [f for room in ("core", "server") for f in sorted((ROOT / room).rglob("*.py"))]
    return tuple(
        (str(f.relative_to(ROOT)), ast.parse(f.read_text(encoding="utf-8")))
        for f in files
        if "core/rules/" not in str(f)
    )


def rule_names(node: ast.AST) -> Iterator[str]:
    known = float_rules()
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and each.attr in known:
            yield each.attr


def raw(node: ast.Compare) -> bool:
    """Return whether numbers are compared, not instants (whole microseconds), and not if a rule is off."""
    text = ast.unparse(node)
    off = any(isinstance(side, ast.Constant) and side.value == 0 for side in (node.left, *node.comparators))
    ordering = any(isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in node.ops)
    return ordering and not off and "timedelta(" not in text


def test_no_float_rule_is_compared_raw() -> None:
    found = [
        f"{file}:{node.lineno}: {ast.unparse(node)}"
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and raw(node) and any(rule_names(node))
    ]
    assert found == []


def test_what_is_compared_as_a_threshold_is_declared_as_one() -> None:
    names = {path.partition(".")[2] for path in declared()}
    found = {
        name
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HELPERS
        for name in rule_names(node)
        if name not in ("size", "price_jump_minutes")
    }
    assert found <= names


def test_a_raw_comparison_would_be_found() -> None:
    node = ast.parse("x > limits.max_spread_bps").body[0]
    assert isinstance(node, ast.Expr) and isinstance(node.value, ast.Compare)
    assert raw(node.value) and list(rule_names(node.value)) == ["max_spread_bps"]
