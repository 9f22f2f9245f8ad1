"""A study that several processes share, that goes on where it ended, and that changes nothing by itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.learning.search import ranges
from core.rules import parse_rules
from server.ledger.snapshot import LedgerSnapshot
from server.tuning.problem import Problem, Question, TuneError
from server.tuning.study import Where, open_study, tune

pytest.importorskip("optuna", reason="the tune extra is not installed")

QUESTION = Question(ranges=ranges(["structural.min_ai_score"]), folds=2, embargo=1, least=8)


@pytest.fixture(scope="module")
def problem(past: Path) -> Problem:
    """What a process builds once, and uses for every trial."""
    return Problem(past, QUESTION)


def test_the_rule_that_tells_good_from_bad_is_found(problem: Problem, sqlite_url: str) -> None:
    told = tune(problem, Where(name="s", storage=sqlite_url), trials=25, seed=1)
    found = told["suggestion"]
    (change,) = found["changes"]
    # A least score over 7 keeps the losers out, and up to 9.5 keeps the winners in.
    assert change["rule"] == "structural.min_ai_score" and change["old"] == 6.0 and 7.0 < change["new"] <= 9.5
    assert found["evidence"]["mean"] > told["in_force"]["mean"]
    assert found["walk_forward"]["mean"] > found["walk_forward"]["in_force"]
    assert 0 < found["deflated_sharpe"]["probability"] <= 1
    assert found["deflated_sharpe"]["trials"] == told["trials"]["COMPLETE"] == 25
    assert found["side_effects"]["whole"]["trades_candidate"] < found["side_effects"]["whole"]["trades"]


def test_the_winner_is_a_pending_suggestion_whose_rules_can_be_read(
    past: Path, problem: Problem, sqlite_url: str
) -> None:
    before = past.read_bytes()
    found = tune(problem, Where(name="s", storage=sqlite_url), trials=15, seed=1)["suggestion"]
    assert found["status"] == "PENDING"
    (change,) = found["changes"]
    assert parse_rules(found["toml"]).structural.min_ai_score == change["new"]
    assert past.read_bytes() == before


def test_what_if_and_replay_agree_on_what_the_rules_in_force_traded(past: Path) -> None:
    question = Question(ranges=ranges(["structural.min_ai_score"]), folds=2, embargo=1)
    by_replay = Question(ranges=ranges(["exits.theta_decay_pct"]), folds=2, embargo=1)
    quick, whole = Problem(past, question).trade_results({}), Problem(past, by_replay).trade_results({})
    with LedgerSnapshot(past) as ledger:
        sql = "SELECT json_extract(exit, '$.pnl_net') / json_extract(execution, '$.risk_amount') FROM ledger_entries"
        stored = sorted(row[0] for row in ledger.query(f"{sql} WHERE exit IS NOT NULL"))
    assert np.sort(whole.value) == pytest.approx(stored)
    assert set(np.round(whole.value, 9)) <= set(np.round(quick.value, 9))


def test_a_rule_that_acts_after_the_verdict_is_searched_by_replay(past: Path, sqlite_url: str) -> None:
    problem = Problem(
        past, Question(ranges=ranges(["exits.scale_out_fraction"]), folds=1, embargo=0, least=4)
    )
    assert problem.by_replay
    told = tune(problem, Where(name="s", storage=sqlite_url), trials=2, seed=2)
    assert told["by"] == "replay" and told["trials"]["COMPLETE"] == 2


def test_the_same_name_goes_on_and_finished_trials_are_not_made_again(
    problem: Problem, sqlite_url: str
) -> None:
    where = Where(name="s", storage=sqlite_url)
    tune(problem, where, trials=4)
    study = open_study(problem, where)
    first = [(trial.number, trial.value) for trial in study.trials]
    assert tune(problem, where, trials=4)["trials"] == {"COMPLETE": 4}
    tune(problem, where, trials=7)
    assert [(trial.number, trial.value) for trial in open_study(problem, where).trials][:4] == first
    assert len(open_study(problem, where).trials) == 7


def test_a_study_of_another_question_is_not_mixed_up_with_this_one(
    past: Path, problem: Problem, sqlite_url: str
) -> None:
    where = Where(name="s", storage=sqlite_url)
    tune(problem, where, trials=1)
    other = Question(ranges=QUESTION.ranges, folds=2, embargo=0, least=8)
    with pytest.raises(TuneError, match="begun with another embargo"):
        tune(Problem(past, other), where, trials=1)


def test_a_database_that_cannot_be_had_is_said_in_one_line(problem: Problem) -> None:
    for url in ("no url", "postgresql://nobody@127.0.0.1:1/none", "sqlite:////nowhere/at/all.db"):
        with pytest.raises(TuneError, match=r"^storage: ") as caught:
            tune(problem, Where(name="s", storage=url), trials=1)
        assert "\n" not in str(caught.value)


@pytest.mark.slow  # on PostgreSQL, where machines share a study, it always runs
def test_two_processes_on_sqlite_share_the_trials_and_survive_the_kill_of_one(
    past: Path, sqlite_url: str
) -> None:
    _share_and_survive(past, sqlite_url)


def test_two_processes_on_postgresql_share_the_trials_and_survive_the_kill_of_one(
    past: Path, postgres_url: str
) -> None:
    _share_and_survive(past, postgres_url)


TRIALS = 26


def _share_and_survive(past: Path, url: str) -> None:
    """One of two is killed in the middle of a trial; the other takes that trial over and finishes the study."""
    workers = [_worker(past, url) for _ in range(2)]
    try:
        study = open_study(Problem(past, QUESTION), Where(name="shared", storage=url, heartbeat=1, grace=2))
        victims = _wait_for(lambda: _stopped_in_a_trial(study, workers[0]), workers)
        workers[0].send_signal(signal.SIGKILL)
        workers[0].wait()
        out, errors = workers[1].communicate(timeout=90)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert workers[1].returncode == 0, errors
    told = json.loads(out)
    assert told["trials"]["COMPLETE"] >= TRIALS and "RUNNING" not in told["trials"]
    trials = study.trials
    makers = {trial.user_attrs.get("maker") for trial in trials if trial.state.name == "COMPLETE"}
    assert makers == {str(worker.pid) for worker in workers}
    lost = [trial for trial in trials if trial.state.name == "FAIL"]
    assert len(lost) == 1 and lost[0].number in victims
    again = [trial for trial in trials if trial.system_attrs.get("failed_trial") == lost[0].number]
    assert again and again[0].state.name == "COMPLETE" and again[0].params == lost[0].params


_SLOW = """
import sys, time, os, orjson
from pathlib import Path
from core.learning.search import ranges
from server.tuning import study as s
from server.tuning.problem import Problem, Question

question = Question(ranges=ranges(["structural.min_ai_score"]), folds=2, embargo=1, least=8)
problem = Problem(Path(sys.argv[1]), question)
made = problem.trade_results

def slowly(values):
    time.sleep(0.15 if values else 0)
    return made(values)

problem.trade_results = slowly
where = s.Where(name="shared", storage=sys.argv[2], heartbeat=1, grace=2)
first = s.open_study(problem, where)
drawn = s._drawn
s._drawn = lambda trial, one: (trial.set_user_attr("maker", str(os.getpid())), drawn(trial, one))[1]
print(orjson.dumps(s.tune(problem, where, trials=int(sys.argv[3]))).decode())
"""


def _worker(past: Path, url: str) -> subprocess.Popen[str]:
    """A process on the study whose trials take long enough to be killed in one, each signed by its maker."""
    command = [sys.executable, "-c", _SLOW, str(past), url, str(TRIALS)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )


def _running_by_both(study: Any) -> set[int] | None:
    """The trials under way, once both processes have finished one and both are in the middle of another."""
    trials = study.get_trials(deepcopy=False)
    done = {trial.user_attrs.get("maker") for trial in trials if trial.state.name == "COMPLETE"}
    running = {trial.number for trial in trials if trial.state.name == "RUNNING" and trial.params}
    return running if len(done - {None}) == 2 and len(running) == 2 else None


def _stopped_in_a_trial(study: Any, worker: subprocess.Popen[str]) -> set[int] | None:
    """The trials under way, once both are in one and the worker is held in the middle of its own."""
    running = _running_by_both(study)
    if running is None:
        return None
    worker.send_signal(signal.SIGSTOP)
    trials = study.get_trials(deepcopy=False)
    own = [t for t in trials if t.user_attrs.get("maker") == str(worker.pid)]
    if own and own[-1].state.name == "RUNNING" and own[-1].params:
        return running | {own[-1].number}
    worker.send_signal(signal.SIGCONT)
    return None


def _wait_for(there: Any, workers: list[subprocess.Popen[str]]) -> Any:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = there()
        if found:
            return found
        for worker in workers:
            assert worker.poll() is None, worker.communicate()
        time.sleep(0.02)
    raise AssertionError("the processes never worked side by side")
