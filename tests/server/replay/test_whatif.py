"""Candidate rules against a ledger file: other exits in dollars, by a replay under those rules as the judge."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.events import Commanded, Event, Received
from core.exchange.calendar import Calendar
from core.learning import ledger_columns, rule_value, whatif_entries, with_rule
from core.learning.exit_replay import GAP, NO_OUTCOME, NOT_REPEATED, OPEN, STOP_MOVED
from core.learning.observations import at_one
from core.performance.trade import trade_from_entry
from core.rules import DEFAULT, Rules, parse_rules
from server.ledger.bulk import BulkLedger
from server.ledger.lists import items
from server.ledger.packed import read_packed
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import instant
from server.replay.machine import Replayer
from server.replay.rebuilt import replay_receipts
from server.replay.sources import read_prices, read_receipts
from server.whatif import _LedgerDecisions, whatif_of_ledger

BASE = with_rule(with_rule(DEFAULT, "account.size", 400_000.0), "sizing.contract_cap", 3)
"""Several contracts, the same whatever the size: some leave at T1, the rest at T2."""


def _in_force(ledger: LedgerSnapshot) -> Rules:
    return parse_rules(next(ledger.query("SELECT toml FROM rules_versions ORDER BY seq DESC LIMIT 1"))[0])


def _made(rising: tuple[Path, Path], path: Path, rules: Rules) -> Path:
    receipts, prices = read_receipts(rising[0]), read_prices([f"SPY={rising[1]}"], Calendar.load())
    with BulkLedger(path, "replay") as output:
        replay_receipts(receipts, prices, rules_text=rules.to_toml(), output=output)
    return path


def _net_at_one(path: Path) -> list[float]:
    with LedgerSnapshot(path) as ledger:
        entries = list(items(ledger, "trades"))
        whole = {entry["id"]: entry for entry in items(ledger, "ledger")}
    trades = [trade_from_entry(whole[entry["id"]]) for entry in entries]
    return [at_one(e, t, BASE) for e, t in zip(entries, trades, strict=True)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("exits.scale_out_fraction", 1.0),
        ("exits.theta_decay_pct", 1.0),
        ("exits.atr_multiples.239.target_1", 0.5),
        ("exits.atr_multiples.239.target_2", 2.5),  # reached only past the stored exit: in the tail
    ],
)
def test_other_exits_are_worth_what_a_replay_under_them_makes(
    rising: tuple[Path, Path], tmp_path: Path, path: str, value: float
) -> None:
    candidate = with_rule(BASE, path, value)
    before = _made(rising, tmp_path / "before.db", BASE)
    (now,), (then,) = _net_at_one(before), _net_at_one(_made(rising, tmp_path / "after.db", candidate))
    with LedgerSnapshot(before) as ledger:
        found = whatif_of_ledger(ledger, BASE, candidate)
    assert found.not_applied == () and found.whole.why == {}
    assert now != then
    assert found.whole.reexited.value == found.whole.difference.value
    assert found.whole.difference.value == pytest.approx(then - now, abs=1e-6)
    assert found.whole.gained.value is None and found.whole.lost.value is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sizing.contract_cap", 2),
        ("sizing.premium_cap", 700.0),
        ("account.size", 20_000.0),
        ("account.budget_pct", 0.05),
        ("sizing.quality.HIGH", 1.21),  # the cap binds under both
    ],
)
def test_other_sizes_are_worth_what_a_replay_under_them_makes(
    rising: tuple[Path, Path], tmp_path: Path, path: str, value: float
) -> None:
    # The question prices another number at what was paid for each: here no slippage grows with size.
    whole = with_rule(with_rule(BASE, "exits.scale_out_fraction", 1.0), "fills.slippage_size_pct", 0.0)
    candidate = with_rule(whole, path, value)
    before, after = (_made(rising, tmp_path / f"{n}.db", rules) for n, rules in enumerate((whole, candidate)))
    nets = []
    for made in (before, after):
        with LedgerSnapshot(made) as ledger:
            trades = [entry for entry in items(ledger, "ledger") if entry["exit"]]
        nets.append(sum(trade["exit"]["pnl_net"] for trade in trades))
    with LedgerSnapshot(before) as ledger:
        found = whatif_of_ledger(ledger, whole, candidate)
    assert found.not_applied == () and found.whole.not_answerable == 0
    assert (found.whole.difference.value or 0.0) == pytest.approx(nets[1] - nets[0], abs=0.01)


def _sold(source: Path, target: Path, minutes: int, by: str) -> Path:
    """The same session with one input more: so long after the entry a person or its sender sells all."""
    with LedgerSnapshot(source) as ledger:
        events = list(ledger.events())
        opened, position = next(ledger.query("SELECT opened_at, id FROM positions"))
    at = instant(opened) + timedelta(minutes=minutes)
    command: Event = Commanded(seq=1, at=at, command_id="c", name="exit", position_id=position)
    if by == "SIGNAL":
        body = '{"ticker": "SPY", "action": "exit", "price": 666.35}'
        command = Received(seq=1, at=at, receipt_id="exit", body=body)
    if by == "MOVE_STOP":
        body = '{"ticker": "SPY", "action": "move_stop", "stop": 664.5}'
        command = Received(seq=1, at=at, receipt_id="moved", body=body)
    place = next(n for n, event in enumerate(events) if event.at > at)
    events.insert(place, command)
    with BulkLedger(target, "replay") as output:
        replayer = Replayer("replay", output)
        for seq, event in enumerate(events, start=1):
            replayer.take(dataclasses.replace(event, seq=seq))
        replayer.finish()
    return target


@pytest.mark.parametrize("by", ["MANUAL", "SIGNAL"])
def test_a_sale_that_was_asked_for_stays_unless_the_candidate_has_left_before(
    rising: tuple[Path, Path], tmp_path: Path, by: str
) -> None:
    made = _sold(_made(rising, tmp_path / "before.db", BASE), tmp_path / "sold.db", minutes=29, by=by)
    (now,) = _net_at_one(made)
    with LedgerSnapshot(made) as ledger:
        reasons = [
            leg["exit_reason"] for (entry,) in [items(ledger, "trades")] for leg in entry["exit"]["partials"]
        ]
        later = whatif_of_ledger(ledger, BASE, with_rule(BASE, "exits.atr_multiples.239.target_2", 2.5)).whole
        before = whatif_of_ledger(
            ledger, BASE, with_rule(BASE, "exits.atr_multiples.239.target_1", 0.2)
        ).whole
    assert reasons == [by]
    assert later.why == {} and later.reexited.value is None
    assert before.why == {} and before.reexited.value not in (None, 0) and now != 0


def test_a_stop_that_its_sender_moved_is_not_repeated_and_the_what_if_says_so(
    rising: tuple[Path, Path], tmp_path: Path
) -> None:
    made = _sold(
        _made(rising, tmp_path / "before.db", BASE), tmp_path / "moved.db", minutes=28, by="MOVE_STOP"
    )
    with LedgerSnapshot(made) as ledger:
        notes = [note for receipt in items(ledger, "receipts") for note in receipt["notes"]]
        found = whatif_of_ledger(ledger, BASE, with_rule(BASE, "exits.atr_multiples.239.target_2", 2.5))
    assert any("moved the stop" in note for note in notes), notes
    assert found.whole.why == {STOP_MOVED: 1} and found.whole.difference.value is None


def _spoiled(source: Path, target: Path, sql: str) -> Path:
    shutil.copy(source, target)
    connection = sqlite3.connect(target)
    assert connection.execute(sql).rowcount > 0
    connection.commit()
    connection.close()
    return target


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DELETE FROM paths WHERE at > {left}", OPEN),
        ("DELETE FROM paths WHERE at > {left} + 60000000 AND at < {left} + 1080000000", GAP),
        ("DELETE FROM paths WHERE at > {left} - 60000000", NOT_REPEATED),
    ],
)
def test_without_its_tail_a_trade_is_not_answerable(
    rising: tuple[Path, Path], tmp_path: Path, sql: str, why: str
) -> None:
    before = _made(rising, tmp_path / "before.db", BASE)
    with LedgerSnapshot(before) as ledger:
        left = next(ledger.query("SELECT closed_at FROM positions"))[0]
    spoiled = _spoiled(before, tmp_path / "spoiled.db", sql.format(left=left))
    with LedgerSnapshot(spoiled) as ledger:
        found = whatif_of_ledger(ledger, BASE, with_rule(BASE, "exits.atr_multiples.239.target_2", 2.5))
    assert found.whole.why == {why: 1} and found.whole.not_answerable == 1
    assert found.whole.difference.value is None


def test_every_trade_and_shadow_repeats_its_stored_exit_along_its_prices(recorded: Path) -> None:
    with LedgerSnapshot(recorded) as ledger:
        rules = _in_force(ledger)
        packed = read_packed(ledger)
        assert packed is not None
        candidate = with_rule(rules, "exits.settlement_near_pct", 0.3)  # changes no dollar
        past = _LedgerDecisions(ledger, packed, rules, candidate)
        again = past.replay_exits(np.arange(len(packed.seq)))
        known = past.outcomes()
        shadows = int(packed.closed.shadow.sum())
    left = ~np.isnan(known.net)
    assert left.sum() > shadows > 0
    assert not again.why[left].any()
    assert again.net[left] == pytest.approx(known.net[left], abs=1e-9)
    assert (again.exit_at[left] == known.exit_at[left]).all()
    assert np.isnan(again.net[~left]).all() and again.why[~left].all()


def test_packed_records_say_what_the_entries_say(recorded: Path) -> None:
    with LedgerSnapshot(recorded) as ledger:
        rules, packed = _in_force(ledger), read_packed(ledger)
        assert packed is not None
        columns, outcomes = ledger_columns(items(ledger, "ledger"), rules)
        quick = _LedgerDecisions(ledger, packed, rules, rules).outcomes()
        for field in dataclasses.fields(columns):
            mine, theirs = getattr(packed.columns, field.name), getattr(columns, field.name)
            assert mine.dtype == theirs.dtype
            assert np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f"), field.name
        for name in ("at", "day", "direction", "net", "exit_at", "blocked"):
            assert np.array_equal(getattr(quick, name), getattr(outcomes, name), equal_nan=name == "net"), (
                name
            )
        for name in ("signal", "symbol"):
            pairs = set(zip(getattr(quick, name).tolist(), getattr(outcomes, name).tolist(), strict=True))
            assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
        for path, change in [
            ("market.max_spread_bps", 1.3), ("confidence.execute_at", 0.9), ("sizing.quality.HIGH", 1.2),
        ]:  # fmt: skip
            candidate = with_rule(rules, path, rule_value(rules, path) * change)
            slow = whatif_entries(items(ledger, "ledger"), rules, candidate)
            assert whatif_of_ledger(ledger, rules, candidate) == slow, path


def test_a_ledger_from_before_the_packed_records_is_still_answered(ledger: Path) -> None:
    connection = sqlite3.connect(ledger)
    connection.execute("DELETE FROM decision_columns")
    connection.commit()
    connection.close()
    with LedgerSnapshot(ledger) as source:
        rules = _in_force(source)
        found: Any = whatif_of_ledger(source, rules, with_rule(rules, "exits.theta_decay_pct", 40.0))
    assert found.not_applied == ("exits.theta_decay_pct",) and found.whole.decisions > 0
    assert NO_OUTCOME not in found.whole.why
