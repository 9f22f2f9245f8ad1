"""The challenger beside the rules in force: one line while it runs, and a pane with both sides by session."""

from __future__ import annotations

from server.deck import ChallengeSession, ChallengeSide, ChallengeView, RunningChallenge
from tui import fmt
from tui.challenge_format import (
    ended_text,
    known_text,
    more_text,
    result_text,
    rules_text,
    session_counts,
    short_result,
    side_text,
    warnings,
)
from tui.commands.registry import key_of
from tui.panes.reports import ReportPane
from tui.widgets.line import Line, clip_line, heading, signed_role, spread, wrap_text
from tui.widgets.line_widget import Pane

_NAME = 11
_WITH_NAME = 76
"""Width of a line from which the challenger's name is in it."""
_HEAD = " session    trades  in force $  challenger $  difference $  mean so far $"
NONE = "no challenger runs: other rules on paper beside those in force, on the same webhooks"


class ChallengeLine(Pane):
    """One line while a challenger runs, so that nobody forgets it; empty and without height else."""

    data: ChallengeView | str | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        running = self.data.running if isinstance(self.data, ChallengeView) else None
        if running is None:
            return []
        side, result = running.challenger, running.result
        left: Line = [(" Challenger ", "title")]
        if width >= _WITH_NAME:
            left.append((f"{rules_text(side.name, side.fingerprint)} ", "strong"))
        left.append((short_result(result), _role(result.mean, result.decided)))
        return [spread(left, [(f"{key_of('NextEvidence')} ", "info")], width)]


class ChallengePane(ReportPane):
    title = "Challenger"

    def report(self, view: ChallengeView, width: int, height: int) -> list[Line]:
        running = view.running
        if running is None:
            lines = self.nothing(width, f"{NONE}; {_how_to_start()}")
            return (lines + ended_lines(view, width))[:height]
        out = [heading(self.title, width, _since(running))]
        if width < _WITH_NAME:
            return (out + narrow_lines(running, width))[:height]
        out += side_lines(running, width)
        out += [clip_line(line, width) for line in result_lines(running)]
        out += [clip_line([(f" ! {text}", "warn")], width) for text in warnings(running)]
        return (out + session_lines(running, width))[:height]


def narrow_lines(running: RunningChallenge, width: int) -> list[Line]:
    """Return what is known and both sides for a narrow screen: wrapped, the difference first."""
    out = _wrapped(result_text(running.result), width)
    if more := more_text(running.result):
        out += _wrapped(more, width)
    for name, side in (("in force", running.champion), ("challenger", running.challenger)):
        out += _wrapped(f"{name} {side_text(side, band=False)}", width)
    for text in warnings(running):
        out += _wrapped(f"! {text}", width, "warn")
    return out + session_lines(running, width)


def challenge_document(view: ChallengeView, width: int) -> list[Line]:
    """Return all that is known of the challenger, and those that are over."""
    running = view.running
    if running is None:
        out = [heading("Challenger", width), *_wrapped(f"{NONE}; {_how_to_start()}", width)]
        return out + ended_lines(view, width)
    out = [heading("Challenger", width, _since(running)), []]
    for name, side in (("in force", running.champion), ("challenger", running.challenger)):
        text = f"{name}: {rules_text(side.name, side.fingerprint)}, {side_text(side)}"
        out += _wrapped(text, width)
    out += [[], *_wrapped(f"difference: {result_text(running.result)}", width)]
    if more := more_text(running.result):
        out += _wrapped(more, width)
    changes = ", ".join(running.changes) or "none: the rules are the same"
    out += [[], *_wrapped(f"changed rules: {changes}", width)]
    for text in warnings(running):
        out += _wrapped(f"! {text}", width, "warn")
    paper = (
        "On paper, by the same code and fills, on the same webhooks and prices, from the account as it was at the "
        "start. Trades count on the day they close; what was open at the start, or taken by hand, counts for neither."
    )
    out += [[], *_wrapped(paper, width, "dim"), [], *session_lines(running, width)]
    adopt, retire = key_of("AdoptChallenger"), key_of("RetireChallenger")
    hint = f" {adopt} adopts and {retire} retires it on the Learning screen; nothing else does."
    return [*out, *ended_lines(view, width), [], [(hint, "dim")]]


def side_lines(running: RunningChallenge, width: int) -> list[Line]:
    sides = (("in force", running.champion), ("challenger", running.challenger))
    names = max(len(rules_text(side.name, side.fingerprint)) for _, side in sides)
    return [clip_line(_side(name, side, min(names, 28)), width) for name, side in sides]


def _side(name: str, side: ChallengeSide, room: int) -> Line:
    return [
        (f" {name:<{_NAME}}", "dim"),
        (f"{fmt.fit(rules_text(side.name, side.fingerprint), room)}  ", "strong"),
        (f"{fmt.arrow(side.net)} ".lstrip(), signed_role(side.net)),
        (side_text(side), "text"),
    ]


def result_lines(running: RunningChallenge) -> list[Line]:
    result = running.result
    out: list[Line] = [
        [(f" {'difference':<{_NAME}}", "dim"), (result_text(result), _role(result.mean, result.decided))]
    ]
    if more := more_text(result):
        out.append([(" " * (_NAME + 1), "text"), (more, "strong" if result.decided else "text")])
    changes = ", ".join(running.changes) or "none: the rules are the same"
    out.append([(f" {'changes':<{_NAME}}", "dim"), (changes, "text")])
    return out


def session_lines(running: RunningChallenge, width: int) -> list[Line]:
    """Return the sessions as a table, newest first."""
    if not running.sessions:
        return [[(" no session yet since it started", "dim")]]
    rows = [clip_line(_session(each), width) for each in running.sessions]
    return [clip_line([(_HEAD, "head")], width), *rows]


def _session(each: ChallengeSession) -> Line:
    return [
        (f" {each.day:%a %d %b}".ljust(11), "text"),
        (f"{session_counts(each):>7}", "dim"),
        (f"{fmt.number(each.champion_net):>12}", "text"),
        (f"{fmt.number(each.challenger_net):>14}", "text"),
        (
            f"{fmt.arrow(each.difference)} {fmt.signed(each.difference)}".rjust(14),
            signed_role(each.difference),
        ),
        (f"  {known_text(each)}", "dim"),
    ]


def ended_lines(view: ChallengeView, width: int) -> list[Line]:
    """Return the challengers that are over."""
    out: list[Line] = []
    for each in view.ended:
        out += [[], *_wrapped(f"over: {ended_text(each)}", width, "dim")]
    return out


def _since(running: RunningChallenge) -> Line:
    return [(f"since {fmt.date(running.since)} by {running.author}, on paper", "dim")]


def _how_to_start() -> str:
    return f"gatedeck challenge FILE starts one, or {key_of('ShowChallenger')} on a suggestion"


def _role(value: float | None, decided: bool) -> str:
    return signed_role(value) if decided else "text"


def _wrapped(text: str, width: int, role: str = "text") -> list[Line]:
    return [[(" ", "text"), *line] for line in wrap_text(text, role, width - 2, "  ")]
