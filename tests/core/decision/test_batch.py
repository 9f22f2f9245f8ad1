"""``decide_many`` is ``decide`` row by row: golden rows, ten thousand random ones, and odd rules."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest

from core.decision import decide
from core.decision.batch import ACTIONS, GATES, decide_many
from core.decision.columns import DecisionColumns, columns_from_stored, packed_dtype, row_of
from core.decision.from_mapping import context_from, market_from
from core.model import (
    AlignmentFacts,
    Bias,
    Context,
    Direction,
    MarketSnapshot,
    RegimeFacts,
    Session,
    SignalFacts,
    Source,
    StructureFacts,
)
from core.rules import DEFAULT, Rules, parse_rules

AS_OF = datetime(2026, 11, 24, 15, tzinfo=UTC)
Inputs = tuple[Context, MarketSnapshot]

ODD_RULES = {
    "defaults": "",
    "tight": "[market]\nmax_spread_bps = 6\nmax_atr_pct = 1.1\nmin_depth = 60\n[confidence]\nexecute_at = 85",
    "loose": "[structural]\nmin_ai_score = 0\n[regime]\nmin_confidence = 0\n[confidence]\nwait_at = 0",
    "unscored": '[structural]\nno_score = "pass"\n[confidence]\nexecute_at = 60',
    "weightless": "[confidence]\nregime_weight = 0\nexpert_weight = 0\nalignment_weight = 0\n"
    "market_weight = 0\nstructural_weight = 0",
    "other phases": '[regime]\nallowed = {"2" = [], "7" = ["LONG"], "x" = ["LONG"], "01" = ["SHORT"]}',
    "other assumptions": "[market]\nassumed_spread_bps = 13\nassumed_depth = 20\nassumed_atr_pct = 3",
}


def random_pairs(count: int, seed: int) -> list[Inputs]:
    """Contexts and markets with every section and number sometimes absent, many right at a limit."""
    rng = np.random.default_rng(seed)

    def maybe(value: Any, share: float = 0.15) -> Any:
        return None if rng.random() < share else value

    def near(low: float, high: float, *limits: float) -> float:
        return float(rng.choice(limits)) if rng.random() < 0.2 else float(rng.uniform(low, high))

    pairs = []
    for _ in range(count):
        side = rng.choice(list(Direction))
        regime = RegimeFacts(
            phase=maybe(int(rng.integers(0, 8)) if rng.random() < 0.1 else int(rng.integers(1, 5))),
            confidence=maybe(near(-5, 110, 0, 49.9, 50, 100)),
            bias=maybe(Bias(rng.choice(list(Bias)))),
        )
        up = near(0, 100, 0, 75, 100)
        expert = SignalFacts(
            direction=Direction(side),
            ai_score=maybe(near(0, 10.5, 5.9, 6, 10.5)),
            atr=maybe(near(0, 4, 2.5)),
            atr_is_daily=bool(rng.random() < 0.3),
        )
        structure = StructureFacts(
            valid_setup=bool(rng.random() < 0.9),
            liquidity_ok=bool(rng.random() < 0.9),
            execution_quality=maybe(str(rng.choice(["A", "B", "C", "a", ""]))),
        )
        fed = rng.random() < 0.7
        context = Context(
            symbol="SPY",
            as_of=AS_OF,
            session=Session.AFTERHOURS if rng.random() < 0.05 else Session.OPEN,
            price=maybe(near(1, 500, 100)),
            regime=maybe(regime),
            alignment=maybe(AlignmentFacts(states={}, bullish_pct=up, bearish_pct=near(0, 100, 75))),
            expert=maybe(expert, 0.05),
            structure=maybe(structure),
            conflict=None if rng.random() < 0.9 else Source.ULTIMATE_OPTIONS,
        )
        market = MarketSnapshot(
            price=maybe(near(0, 500, 100, 0)),
            spread_bps=maybe(near(-2, 20, 0, 12, math.inf, math.nan)),
            depth_score=maybe(near(-5, 120, 30, 29.999, 100)),
            atr14=maybe(near(-1, 12, 2.5, math.nan)),
            assumed=() if fed else ("spread_bps", "depth_score", "atr14"),
        )
        pairs.append((context, market))
    return pairs


def columns_of(pairs: list[Inputs]) -> DecisionColumns:
    """The columns of contexts and markets as the ledger packs them, row by row."""
    packed = np.array([row_of(*pair) for pair in pairs], dtype=packed_dtype())
    return DecisionColumns(**{f.name: packed[f.name] for f in dataclasses.fields(DecisionColumns)})


def assert_alike(pairs: list[Inputs], rules: Rules, columns: DecisionColumns | None = None) -> set[str]:
    many = decide_many(columns_of(pairs) if columns is None else columns, rules)
    assert len(many) == len(pairs)
    seen: set[str] = set()
    for row, (context, market) in enumerate(pairs):
        one = decide(context, market, rules)
        assert ACTIONS[many.action[row]] is one.action, row
        assert many.confidence[row] == one.confidence, row
        for name, gate in one.gates.items():
            assert many.passed(name)[row] == gate.passed, (row, name)
            assert many.score(name)[row] == gate.score, (row, name)
        seen.add(one.action)
    return seen


def test_golden_row_alike(golden_decisions: dict[str, Any]) -> None:
    pair = (context_from(golden_decisions["context"]), market_from(golden_decisions["market"]))
    assert_alike([pair], DEFAULT)


def test_ten_thousand_random_rows_alike() -> None:
    seen = assert_alike(random_pairs(10_000, 1), DEFAULT)
    assert seen == {"EXECUTE", "WAIT", "SKIP"}


@pytest.mark.parametrize("toml", ODD_RULES.values(), ids=ODD_RULES)
def test_other_rules_alike(toml: str) -> None:
    assert_alike(random_pairs(1_500, 2), parse_rules(toml))


def test_stored_json_gives_the_same_columns() -> None:
    pairs = random_pairs(500, 3)
    stored = columns_from_stored(
        orjson.loads(orjson.dumps({"context": context, "market": market})) for context, market in pairs
    )
    direct = columns_of(pairs)
    for field in dataclasses.fields(DecisionColumns):
        ours, theirs = getattr(stored, field.name), getattr(direct, field.name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs, err_msg=field.name)


def test_blocks_join_to_the_whole() -> None:
    columns = columns_of(random_pairs(300, 4))
    many = columns.take(np.arange(70_000) % 300)
    whole, part = decide_many(many), decide_many(columns)
    for field in dataclasses.fields(whole):
        got = getattr(whole, field.name)
        np.testing.assert_array_equal(got, getattr(part, field.name)[np.arange(70_000) % 300])


def test_no_rows_give_no_verdicts() -> None:
    nothing = decide_many(columns_of([]))
    assert len(nothing) == 0 and all(len(nothing.score(gate)) == 0 for gate in GATES)
