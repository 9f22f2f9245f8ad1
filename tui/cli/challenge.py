"""`gatedeck challenge`: run other rules beside those in force, see what both make, adopt or retire them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp

from core.from_json import read
from server.config import ConfigError
from server.deck import ChallengeView, RunningChallenge
from tui import fmt
from tui.challenge_format import (
    ended_text,
    known_text,
    more_text,
    result_text,
    rules_text,
    session_counts,
    side_text,
    warnings,
)
from tui.cli.client import EngineClient, engine_client, print_answers, report_unreachable
from tui.cli.console import read_text

_PATH = "/api/challenge"
_NONE = "no challenger runs; start one with: gatedeck challenge FILE"


def challenge(
    file: Path | None,
    *,
    suggestion: str | None,
    adopt: bool,
    retire: bool,
    url: str | None,
    author: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Start, adopt or retire a challenger; with none of these print how it stands.

    Returns 0 when the engine accepted. Raises ConfigError when more than one is asked for, or FILE cannot be read.
    """
    if sum((file is not None, suggestion is not None, adopt, retire)) > 1:
        raise ConfigError("challenge: give one of FILE, --suggestion, --adopt and --retire")
    acts = file is not None or suggestion is not None or adopt or retire
    engine = engine_client(url=url, author=author, config=config, commands=acts)
    try:
        if not acts:
            return _show(engine.object(_PATH), as_json=as_json)
        status, answer = _act(engine, file, suggestion, "adopt" if adopt else "retire")
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def _act(
    engine: EngineClient, file: Path | None, suggestion: str | None, verb: str
) -> tuple[int, dict[str, Any]]:
    if suggestion is not None:
        return engine.post(_PATH, suggestion=suggestion)
    if file is not None:
        return engine.post(_PATH, rules=read_text(file, "rules"))
    running = engine.object(_PATH)["running"]
    if running is None:
        raise ConfigError(f"challenge: {_NONE}")
    return engine.post(f"{_PATH}/{running['id']}/{verb}")


def _show(found: dict[str, Any], *, as_json: bool) -> int:
    print(json.dumps(found) if as_json else "\n".join(lines(read(ChallengeView, found))))
    return 0


def lines(view: ChallengeView) -> list[str]:
    """Return the challenger that runs and those that are over as lines of text."""
    out = [_NONE] if view.running is None else _running(view.running)
    return out + [f"over        {ended_text(each)}" for each in view.ended]


def _running(running: RunningChallenge) -> list[str]:
    champion, challenger = running.champion, running.challenger
    out = [
        f"champion    {rules_text(champion.name, champion.fingerprint)}: {side_text(champion)}",
        f"challenger  {rules_text(challenger.name, challenger.fingerprint)}: {side_text(challenger)}",
        f"since       {fmt.day_clock(running.since)} by {running.author}, on paper, from the champion's account",
        f"changes     {', '.join(running.changes) or 'none: the rules are the same'}",
        f"difference  {result_text(running.result)}",
    ]
    if more := more_text(running.result):
        out.append(f"            {more}")
    out += [f"! {text}" for text in warnings(running)]
    if running.sessions:
        out.append("session     trades  champion $  challenger $  difference $  mean so far $")
    for each in running.sessions:
        out.append(
            f"{each.day}  {session_counts(each):>6}  {fmt.number(each.champion_net):>10}  "
            f"{fmt.number(each.challenger_net):>12}  {fmt.number(each.difference):>12}  {known_text(each)}"
        )
    return out
