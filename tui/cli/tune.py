"""``gatedeck tune``: search over rules; what it finds is printed as a suggestion, and nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.config import ConfigError, load_settings
from tui.cli.replay import ledger_path, progress, read_text, tell

PENALTIES = {"R": 1.0, "usd": 250.0}
"""What making no trade at all costs in each measure: one planned loss."""


def tune(
    *,
    study: str,
    storage: str | None,
    trials: int,
    paths: list[str],
    measure: str,
    folds: int,
    embargo: int,
    least: int,
    penalty: float | None,
    seed: int | None,
    grace: int,
    rules: Path | None,
    db: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Work on a study until it has its trials, then print what it found; raises ConfigError."""
    from core.learning.search import GATES_ONLY, ranges
    from server.tuning.problem import Problem, Question, TuneError
    from server.tuning.study import Where
    from server.tuning.study import tune as run

    ledger = ledger_path(db, config)
    if storage is None:
        folder = load_settings({"db": db}, config).state_dir
        folder.mkdir(parents=True, exist_ok=True)
        storage = f"sqlite:///{folder / 'tuning.db'}"
    try:
        moved = ranges(paths or GATES_ONLY)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    question = Question(
        ranges=moved,
        measure=measure,
        folds=folds,
        embargo=embargo,
        least=least,
        penalty=PENALTIES.get(measure, 1.0) if penalty is None else penalty,
    )
    try:
        text = None if rules is None else read_text(rules, "rules")
        problem = Problem(ledger, question, text)
        where = Where(name=study, storage=storage, heartbeat=max(1, grace // 3), grace=grace)
        with progress("searching") as counted:
            told = run(problem, where, trials=trials, seed=seed, counted=counted)
    except TuneError as error:
        raise ConfigError(str(error)) from None
    tell(told if as_json else _short(told), as_json)
    return 0


def _short(told: dict[str, Any]) -> dict[str, Any]:
    """The same for a person: what moves, and what speaks against it."""
    found = told["suggestion"]
    shown = {name: told[name] for name in ("study", "trials", "measure", "by", "sessions")}
    if found is None:
        return shown | {"suggestion": "none: nothing tried beats the rules in force"}
    best, now, walk = found["evidence"], told["in_force"], found["walk_forward"]
    odds = found["deflated_sharpe"]
    unit = told["measure"]
    return shown | {
        "suggestion": f"{found['id']} {found['status']}",
        "changes": [f"{c['rule']}: {c['old']:g} to {c['new']:g}" for c in found["changes"]],
        "in sample": f"{best['mean']:.3f} {unit} over {best['trades']} trades,"
        f" in force {now['mean'] or 0:.3f} over {now['trades']}",
        "walk forward": f"{walk['mean']:.3f} {unit} a trade, in force {walk['in_force']:.3f}"
        f" (penalised for few trades)",
        "deflated sharpe": odds["reason"]
        if odds["probability"] is None
        else f"{odds['probability']:.1%} likely to be better than the best of {odds['trials']} without skill",
        "note": "nothing was changed: approve it, or put its rules in force yourself",
    }
