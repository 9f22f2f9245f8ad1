"""Candidate rules against a ledger file, in account dollars, by a replay under those rules as the judge."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from whatif_study import CHANGES, Replayed, agreement, demo_ledger, replayed, rules_of

from core.events import Commanded, Event, Received
from core.exchange.calendar import Calendar
from core.learning import ledger_columns, rule_value, whatif, whatif_entries, with_rule
from core.learning.trades_made import GAP, NO_OUTCOME, NOT_REPEATED, OPEN, OTHER_ENGINE
from core.model import ENGINE_VERSION
from core.positions import pnl_breakdown
from core.rules import DEFAULT, Rules, parse_rules
from server.ledger.bulk import BulkLedger
from server.ledger.lists import items
from server.ledger.packed_reading import read_packed
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import instant
from server.replay.machine import Replayer
from server.replay.rebuilt import replay_receipts
from server.replay.recorded import replay_journal
from server.replay.sources import read_prices, read_receipts
from server.whatif import LedgerPast, compared_by_signal, whatif_of_ledger

BASE = with_rule(with_rule(DEFAULT, "account.size", 400_000.0), "sizing.contract_cap", 3)
"""Several contracts, the same whatever the size: some leave at T1, the rest at T2."""


def _in_force(ledger: LedgerSnapshot) -> Rules:
    return parse_rules(next(ledger.query("SELECT toml FROM rules_versions ORDER BY seq DESC LIMIT 1"))[0])


def _made(rising: tuple[Path, Path], path: Path, rules: Rules) -> Path:
    receipts, prices = read_receipts(rising[0]), read_prices([f"SPY={rising[1]}"], Calendar.load())
    with BulkLedger(path, "replay") as output:
        replay_receipts(receipts, prices, rules_text=rules.to_toml(), output=output)
    return path


@pytest.fixture(scope="module")
def before(rising: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session under ``BASE``; no test writes to it."""
    return _made(rising, tmp_path_factory.mktemp("before") / "before.db", BASE)


def _net(path: Path) -> float:
    with LedgerSnapshot(path) as ledger:
        return sum(entry["exit"]["pnl_net"] for entry in items(ledger, "ledger") if entry["exit"])


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
    rising: tuple[Path, Path], before: Path, tmp_path: Path, path: str, value: float
) -> None:
    candidate = with_rule(BASE, path, value)
    now, then = _net(before), _net(_made(rising, tmp_path / "after.db", candidate))
    with LedgerSnapshot(before) as ledger:
        found = whatif_of_ledger(ledger, BASE, candidate)
    assert found.not_applied == () and found.whole.why == {}
    assert now != then
    assert found.whole.reexited.value == found.whole.difference.value
    assert found.whole.difference.value == pytest.approx(then - now, abs=1e-6)
    band = found.whole.difference.band
    assert band is not None and band.worst == pytest.approx(then - now, abs=0.01)
    assert band.worst != band.expected != band.best
    assert found.whole.gained.value is None and found.whole.lost.value is None


@pytest.mark.parametrize(
    ("path", "value", "makes"),
    [
        ("sizing.contract_cap", 2, "resized"),
        ("sizing.premium_cap", 700.0, "resized"),
        ("risk.symbol_premium", 700.0, "resized"),
        ("risk.contracts_per_trade", 1, "resized"),
        ("risk.delta_accounts", 0.15, "resized"),
        ("risk.theta_pct", 0.01, "lost"),
        ("account.budget_pct", 0.05, "resized"),
        ("sizing.quality.HIGH", 1.21, ""),  # the cap binds under both
        ("contract.moneyness", "otm", "reexited"),
        ("fills.slippage_pct", 1.0, "reexited"),
    ],
)
def test_other_sizes_and_limits_are_worth_what_a_replay_under_them_makes(
    rising: tuple[Path, Path], before: Path, tmp_path: Path, path: str, value: float | str, makes: str
) -> None:
    candidate = _with(BASE, path, value)
    after = _made(rising, tmp_path / "after.db", candidate)
    with LedgerSnapshot(before) as ledger:
        found = whatif_of_ledger(ledger, BASE, candidate)
    assert found.not_applied == () and found.whole.not_answerable == 0
    assert (found.whole.difference.value or 0.0) == pytest.approx(_net(after) - _net(before), abs=0.01)
    band = found.whole.difference.band
    assert band is None or band.worst == pytest.approx(found.whole.difference.value, abs=0.01)
    said = {
        name
        for name in ("gained", "lost", "resized", "reexited")
        if getattr(found.whole, name).value is not None
    }
    assert said == {makes} - {""}


def _with(rules: Rules, path: str, value: float | str) -> Rules:
    if not isinstance(value, str):
        return with_rule(rules, path, value)
    section, name = path.split(".")
    part = dataclasses.replace(getattr(rules, section), **{name: value})
    return dataclasses.replace(rules, **{section: part})


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
    before: Path, tmp_path: Path, by: str
) -> None:
    made = _sold(before, tmp_path / "sold.db", minutes=29, by=by)
    with LedgerSnapshot(made) as ledger:
        reasons = [
            leg["exit_reason"] for (entry,) in [items(ledger, "trades")] for leg in entry["exit"]["partials"]
        ]
        later = whatif_of_ledger(ledger, BASE, with_rule(BASE, "exits.atr_multiples.239.target_2", 2.5)).whole
        sooner = whatif_of_ledger(
            ledger, BASE, with_rule(BASE, "exits.atr_multiples.239.target_1", 0.2)
        ).whole
    assert reasons == [by]
    assert later.why == {} and later.reexited.value is None
    assert sooner.why == {} and sooner.reexited.value not in (None, 0)


def test_a_stop_that_its_sender_moved_is_moved_again(before: Path, tmp_path: Path) -> None:
    made = _sold(before, tmp_path / "moved.db", minutes=28, by="MOVE_STOP")
    candidate = with_rule(BASE, "exits.atr_multiples.239.target_2", 2.5)
    with LedgerSnapshot(made) as ledger:
        notes = [note for receipt in items(ledger, "receipts") for note in receipt["notes"]]
        found = whatif_of_ledger(ledger, BASE, candidate).whole
        after = replay_journal(ledger, rules_text=candidate.to_toml(), keep_closed=True).closed or []
    assert any("moved the stop" in note for note in notes), notes
    assert found.why == {}
    assert found.difference.value == pytest.approx(pnl_breakdown(after[0]).net - _net(made))


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
def test_without_its_tail_a_trade_is_not_answerable(before: Path, tmp_path: Path, sql: str, why: str) -> None:
    with LedgerSnapshot(before) as ledger:
        left = next(ledger.query("SELECT closed_at FROM positions"))[0]
    spoiled = _spoiled(before, tmp_path / "spoiled.db", sql.format(left=left))
    with LedgerSnapshot(spoiled) as ledger:
        found = whatif_of_ledger(ledger, BASE, with_rule(BASE, "exits.atr_multiples.239.target_2", 2.5))
    assert found.whole.why == {why: 1} and found.whole.not_answerable == 1
    assert found.whole.difference.value is None


def test_a_trade_of_another_engine_that_ends_otherwise_names_it(before: Path, tmp_path: Path) -> None:
    with LedgerSnapshot(before) as ledger:
        left = next(ledger.query("SELECT closed_at FROM positions"))[0]
    cut = _spoiled(before, tmp_path / "cut.db", f"DELETE FROM paths WHERE at > {left} - 60000000")
    older = _spoiled(cut, tmp_path / "older.db", "UPDATE ledger_entries SET engine_version = '4'")
    with LedgerSnapshot(older) as ledger:
        found = whatif_of_ledger(ledger, BASE, with_rule(BASE, "exits.atr_multiples.239.target_2", 2.5))
        count = next(ledger.query("SELECT count(*) FROM ledger_entries"))[0]
    assert found.whole.why == {OTHER_ENGINE: 1}
    assert found.made_by == f"engine version 4 made {count} of {count} decisions; this is {ENGINE_VERSION}"


def test_the_baseline_makes_the_real_trades_again_to_the_cent(recorded: Path) -> None:
    with LedgerSnapshot(recorded) as ledger:
        rules = _in_force(ledger)
        candidate = with_rule(rules, "exits.settlement_near_pct", 0.3)  # changes no dollar
        compared, _ = compared_by_signal(ledger, rules, candidate)
        found = whatif_of_ledger(ledger, rules, candidate)
        sql = "SELECT json_extract(exit, '$.pnl_net') FROM ledger_entries JOIN positions p ON position_id = p.id"
        stored = [net for (net,) in ledger.query(f"{sql} WHERE closed_at IS NOT NULL")]
    made = compared.trades_now
    assert sorted(made.net[made.made & (made.why == 0)]) == pytest.approx(sorted(stored))
    assert compared.trades_now.made.any() and not compared.touched.any()
    assert found.baseline is not None and not found.baseline.missing and not found.baseline.added
    real = found.baseline.real
    assert found.baseline.text == f"of {real} real trades, the baseline makes {real}"
    assert found.unit == "account dollars, whole contracts"


@pytest.mark.parametrize(
    ("rule", "value"),
    [("confidence.execute_at", 60.0), ("sizing.most", 1.0), ("risk.per_symbol", 1)],
)
def test_its_differences_are_those_of_a_replay_signal_by_signal(
    recorded: Path, in_force: Replayed, rule: str, value: float
) -> None:
    found = agreement(recorded, rules_of(recorded), in_force, rule, value)
    assert found.signals > 0 and found.replayed != 0
    assert found.explained == pytest.approx(1) and found.same_sign


@pytest.fixture(scope="module")
def in_force(recorded: Path) -> Replayed:
    return replayed(recorded, rules_of(recorded))


@pytest.mark.slow
def test_ten_changes_of_rules_are_answered_as_a_replay_answers_them(tmp_path: Path) -> None:
    path = demo_ledger(tmp_path, minutes=780, seed=11)
    rules = rules_of(path)
    before = replayed(path, rules)
    found = [agreement(path, rules, before, rule, value) for rule, value in CHANGES]
    assert [each for each in found if not each.same_sign or each.explained + each.named < 0.95] == []


def test_packed_records_say_what_the_entries_say(recorded: Path) -> None:
    with LedgerSnapshot(recorded) as ledger:
        rules, packed = _in_force(ledger), read_packed(ledger)
        assert packed is not None
        columns, outcomes = ledger_columns(items(ledger, "ledger"), rules)
        past = LedgerPast(ledger, packed, rules, rules)
        past.replayable = False
        quick = past.outcomes()
        for field in dataclasses.fields(columns):
            mine, theirs = getattr(packed.columns, field.name), getattr(columns, field.name)
            assert mine.dtype == theirs.dtype
            assert np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f"), field.name
        for name in ("at", "day", "direction", "net", "exit_at", "blocked", "real"):
            assert np.array_equal(getattr(quick, name), getattr(outcomes, name), equal_nan=name == "net"), (
                name
            )
        for name in ("signal", "symbol"):
            pairs = set(zip(getattr(quick, name).tolist(), getattr(outcomes, name).tolist(), strict=True))
            assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
        for path, change in [("market.max_spread_bps", 1.3), ("confidence.execute_at", 0.9)]:
            candidate = with_rule(rules, path, rule_value(rules, path) * change)
            slow = whatif_entries(items(ledger, "ledger"), rules, candidate)
            assert whatif(packed.columns, quick, rules, candidate) == slow, path


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


def test_progress_is_told_and_can_end_a_what_if(before: Path) -> None:
    told: list[tuple[int, int]] = []

    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        raise Stop

    with LedgerSnapshot(before) as ledger:
        whole = ledger.inputs
        rules = _in_force(ledger)
        candidate = with_rule(rules, "confidence.execute_at", 75.0)
        found = whatif_of_ledger(ledger, rules, candidate, lambda *at: told.append(at))
        assert found == whatif_of_ledger(ledger, rules, candidate)
        assert told and told == sorted(told) and all(0 < done <= total == whole for done, total in told)
        told.clear()
        with pytest.raises(Stop):
            whatif_of_ledger(ledger, rules, candidate, stop)
        assert len(told) == 1
