"""One optuna study in a database, shared by any number of processes.

A killed process leaves a trial without heartbeat: after the grace period another process marks it as failed and
tries the same values again. optuna is an optional extra, imported only here.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

from core.from_json import read
from core.learning.rule_paths import Number, rule_value
from core.learning.search import SearchRange, candidate, changes
from core.learning.suggestion import SuggestionStatus
from core.learning.walk_forward import TrialScore, Verdict, judge
from core.rules import RulesError
from server.tuning.problem import Problem, TuneError

log = logging.getLogger("gatedeck.tuning")

QUESTION = "question"
SCORED = "scored"
CREATE_TRIES = 5
MET = ("already exists", "duplicate key", "UNIQUE constraint", "locked")
"""Texts of database errors when two processes create the tables at the same time."""
ENOUGH = ("COMPLETE", "PRUNED")
"""States of trials that count towards the requested number."""

Report = dict[str, Any]
ProgressCallback = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The study: its name and its database (``sqlite:///file`` or ``postgresql://…``).

    A running trial writes a heartbeat every ``heartbeat`` seconds; after ``grace`` seconds without one it counts
    as dead.
    """

    name: str
    storage: str
    heartbeat: int = 10
    grace: int = 60


def tune(
    problem: Problem,
    where: Where,
    *,
    trials: int,
    seed: int | None = None,
    progress: ProgressCallback | None = None,
) -> Report:
    """Work on a study until it has ``trials`` finished trials of all processes, and return the report.

    Raises TuneError when optuna is not installed, the database cannot be reached, or the study was started with
    another question.
    """
    study = open_study(problem, where, seed)
    _enqueue_rules_in_force(study, problem)
    optuna = _optuna()

    def objective(trial: Any) -> float:
        values = {one.path: _drawn(trial, one) for one in problem.question.ranges}
        try:
            scored = problem.score(problem.trade_results(values))
        except RulesError as error:
            raise optuna.TrialPruned(str(error)) from error
        trial.set_user_attr(SCORED, asdict(scored))
        return scored.value

    def enough(study: Any, _: Any) -> None:
        done = _done(study)
        if progress is not None:
            progress(min(done, trials), trials)
        if done >= trials:
            study.stop()

    try:
        if _done(study) < trials:
            study.optimize(objective, callbacks=[enough])
    except import_module("sqlalchemy.exc").SQLAlchemyError as error:
        raise TuneError(f"storage: {_first_line(error)}") from error
    return report(study, problem, where)


def open_study(problem: Problem, where: Where, seed: int | None = None) -> Any:
    """Open the study, or create it. Raises TuneError."""
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with _quiet():
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
        storage = _storage(optuna, where)
        study = optuna.create_study(
            study_name=where.name,
            storage=storage,
            sampler=sampler,
            direction="maximize",
            load_if_exists=True,
        )
    identity, begun = problem.identity(), study.user_attrs.get(QUESTION)
    if begun is None:
        study.set_user_attr(QUESTION, identity)
    elif begun != identity:
        apart = ", ".join(name for name in identity if begun.get(name) != identity[name])
        raise TuneError(f"study {where.name!r} was begun with another {apart}; give it another name")
    return study


def report(study: Any, problem: Problem, where: Where) -> Report:
    """Return the results so far; ``suggestion`` is None when no trial beats the rules in force."""
    found: dict[int, TrialScore] = {}
    values: dict[int, dict[str, Number]] = {}
    states: dict[str, int] = {}
    for trial in study.get_trials(deepcopy=False):
        states[trial.state.name] = states.get(trial.state.name, 0) + 1
        stored = trial.user_attrs.get(SCORED)
        if trial.state.name == "COMPLETE" and stored is not None:
            found[trial.number] = read(TrialScore, stored)
            values[trial.number] = dict(trial.params)
    if not found:
        raise TuneError(f"study {where.name!r}: no trial was finished")
    now = problem.score(problem.trade_results({}))
    best = max(found, key=lambda number: (found[number].value, -number))
    results = problem.trade_results(_clean(values[best]))
    verdict = judge(found, now, results, problem.days)
    return {
        "study": where.name,
        "trials": dict(sorted(states.items())),
        "measure": problem.question.measure,
        "by": "replay" if problem.by_replay else "what-if",
        "sessions": len(problem.days),
        "in_force": asdict(now),
        "suggestion": _suggestion(where.name, problem, _clean(values[best]), found[best], now, verdict),
    }


def _suggestion(
    study: str,
    problem: Problem,
    values: Mapping[str, Number],
    best: TrialScore,
    now: TrialScore,
    verdict: Verdict,
) -> Report | None:
    """Return the best trial as a suggestion; it changes nothing until a person approves it."""
    moved = changes(problem.base, values)
    if not moved or best.value <= now.value:
        return None
    key = f"{problem.base.fingerprint}|{sorted(moved.items())!r}"
    return {
        "id": hashlib.sha256(key.encode()).hexdigest()[:12],
        "kind": "search",
        "status": SuggestionStatus.PENDING.value,
        "study": study,
        "rules_fingerprint": problem.base.fingerprint,
        "changes": [{"rule": path, "old": old, "new": new} for path, (old, new) in moved.items()],
        "evidence": asdict(best),
        "walk_forward": {
            "mean": verdict.walked,
            "in_force": verdict.in_force,
            "folds": [asdict(step) for step in verdict.walk],
        },
        "deflated_sharpe": asdict(verdict.deflated),
        "side_effects": asdict(problem.side_effects(values)),
        "toml": candidate(problem.base, values).to_toml(),
    }


def _drawn(trial: Any, one: SearchRange) -> Number:
    if isinstance(one.step, int):
        whole: int = trial.suggest_int(one.path, one.low, one.high, step=one.step)
        return whole
    return _rounded(trial.suggest_float(one.path, one.low, one.high, step=one.step))


def _rounded(value: Number) -> Number:
    # A grid of steps leaves 0.30000000000000004 behind.
    return value if isinstance(value, int) else round(value, 9)


def _clean(values: Mapping[str, Number]) -> dict[str, Number]:
    return {path: _rounded(value) for path, value in values.items()}


def _enqueue_rules_in_force(study: Any, problem: Problem) -> None:
    """Queue the rules in force as the first trial, if the ranges contain them."""
    values = {one.path: rule_value(problem.base, one.path) for one in problem.question.ranges}
    for one in problem.question.ranges:
        steps = (values[one.path] - one.low) / one.step
        if not one.low <= values[one.path] <= one.high or not math.isclose(steps, round(steps), abs_tol=1e-6):
            return
    study.enqueue_trial(values, skip_if_exists=True)


def _done(study: Any) -> int:
    return sum(trial.state.name in ENOUGH for trial in study.get_trials(deepcopy=False))


def _optuna() -> Any:
    try:
        return import_module("optuna")
    except ImportError:
        raise TuneError("tune needs optuna: pip install 'gatedeck[tune]'") from None


def _storage(optuna: Any, where: Where) -> Any:
    """Open the database and create its tables if needed; processes that start together take turns."""
    errors = import_module("sqlalchemy.exc")
    retry = optuna.storages.RetryFailedTrialCallback(max_retry=3)
    url = _driver(where.storage)
    for attempt in range(CREATE_TRIES):
        try:
            return optuna.storages.RDBStorage(
                url,
                heartbeat_interval=where.heartbeat,
                grace_period=where.grace,
                failed_trial_callback=retry,
                engine_kwargs={"connect_args": {"timeout": 60}} if url.startswith("sqlite") else None,
            )
        except (errors.ArgumentError, errors.NoSuchModuleError) as error:
            raise TuneError(f"storage: {_first_line(error)}") from error
        except (errors.SQLAlchemyError, ImportError) as error:
            met = any(word in str(error) for word in MET)
            if not met or attempt == CREATE_TRIES - 1:
                raise TuneError(f"storage: {_first_line(error)}") from error
            time.sleep(0.2 * (attempt + 1))
    raise AssertionError("unreachable")


def _driver(url: str) -> str:
    """Return the URL with the driver of the extra, unless it names a driver."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in ("postgres", "postgresql") else url


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide optuna's warnings about experimental features: the user cannot act on them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
