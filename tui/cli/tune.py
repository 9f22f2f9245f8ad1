"""`gatedeck tune`: search for better rules, and print the best ones as a suggestion; no rule is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.config import ConfigError, load_settings
from server.private_files import make_private_folder
from tui.cli.console import ledger_of, print_result, progress_bar, read_text

PENALTIES = {"R": 1.0, "usd": 250.0}
"""Default penalty of rules that make no trade at all, in each measure's unit: one planned loss."""


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
    """Run trials until the study has enough of them, then print its result; raises ConfigError."""
    from core.learning.search import GATES_ONLY, ranges
    from server.tuning.problem import Problem, Question, TuneError
    from server.tuning.study import Where
    from server.tuning.study import tune as run

    ledger = ledger_of(db, config)
    if storage is None:
        folder = load_settings({"db": db}, config).state_dir
        make_private_folder(folder)
        storage = f"sqlite:///{folder / 'tuning.db'}"
    try:
        searched = ranges(paths or GATES_ONLY)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    question = Question(
        ranges=searched,
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
        with progress_bar("searching") as on_progress:
            result = run(problem, where, trials=trials, seed=seed, progress=on_progress)
    except TuneError as error:
        raise ConfigError(str(error)) from None
    print_result(result if as_json else _summary(result), as_json)
    return 0


def _summary(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result for a person: the suggested changes, and the evidence for and against them."""
    suggestion = result["suggestion"]
    summary = {name: result[name] for name in ("study", "trials", "measure", "by", "sessions")}
    if suggestion is None:
        return summary | {"suggestion": "none: no trial beats the rules in force"}
    best, now, walk = suggestion["evidence"], result["in_force"], suggestion["walk_forward"]
    sharpe = suggestion["deflated_sharpe"]
    unit = result["measure"]
    return summary | {
        "suggestion": f"{suggestion['id']} {suggestion['status']}",
        "changes": [f"{c['rule']}: {c['old']:g} to {c['new']:g}" for c in suggestion["changes"]],
        "in sample": f"{best['mean']:.3f} {unit} over {best['trades']} trades,"
        f" in force {now['mean'] or 0:.3f} over {now['trades']}",
        "walk forward": f"{walk['mean']:.3f} {unit} a trade, in force {walk['in_force']:.3f}"
        f" (penalised for few trades)",
        "deflated sharpe": sharpe["reason"]
        if sharpe["probability"] is None
        else f"{sharpe['probability']:.1%} likely to be better than the best of {sharpe['trials']} without skill",
        "note": "no rule was changed: approve the suggestion, or set its rules in your rules file",
    }
