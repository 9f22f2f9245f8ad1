"""Words and figures of a challenger beside the rules in force, for the panes and for ``gatedeck challenge``."""

from __future__ import annotations

from server.deck import ChallengeSession, ChallengeSide, EndedChallenge, PairedSessions, RunningChallenge
from tui import fmt

_DIGITS = 6
"""Hex digits of a fingerprint that are shown, as everywhere on the deck."""


def rules_text(name: str, fingerprint: str) -> str:
    return f"{name} {fingerprint[:_DIGITS]}"


def side_text(side: ChallengeSide, *, band: bool = True) -> str:
    """Return the trades of a side, what is open, their net, if wanted with its band, and what is unusual."""
    text = f"{fmt.plural(side.trades, 'trade')}, {side.open} open, {fmt.money(side.net)}"
    if band and side.trades and side.best is not None and side.worst is not None:
        mid, far = (fmt.whole_dollars(value, sign=True).replace("$", "") for value in (side.best, side.worst))
        text += f" (mid {mid} far {far})"
    if side.stale:
        text += f", {side.stale} sold at a stale price"
    return text if side.mode == "ACTIVE" else f"{text}, {side.mode}"


def result_text(result: PairedSessions) -> str:
    """Return the mean difference a session with its interval and its sample."""
    if result.mean is None:
        return f"no session is over yet; {result.no_interval}"
    text = f"{fmt.arrow(result.mean)} {fmt.money(result.mean)} a session".strip()
    return f"{text} over {fmt.plural(result.sessions, 'session')}{interval_text(result)}"


def short_result(result: PairedSessions) -> str:
    """Return the mean difference, its sample, and the sessions still needed, in a few words."""
    if result.mean is None:
        return "no session is over yet"
    text = f"{fmt.arrow(result.mean)} {fmt.money(result.mean)} a session, n {result.sessions}".strip()
    if result.decided:
        return f"{text}, the interval excludes 0"
    if result.low is None:
        return f"{text}, no interval yet"
    return f"{text}, " + (
        "more needed: not known" if result.more is None else f"≈ {result.more} more sessions"
    )


def interval_text(result: PairedSessions) -> str:
    """Return the interval with its level, or why there is none, to follow the mean."""
    if result.low is None or result.high is None:
        return f"; {result.no_interval}"
    low, high = (fmt.whole_dollars(value, sign=True) for value in (result.low, result.high))
    return f", {100 * result.level:g} % {low} to {high} at any look"


def more_text(result: PairedSessions) -> str:
    """Return how many more sessions an answer needs, or the answer; empty before there is an interval."""
    if result.low is None:
        return ""
    if result.decided:
        better = (result.mean or 0) > 0
        return f"the interval excludes 0: the challenger makes {'more' if better else 'less'}"
    if result.more is None:
        return f"sessions still needed: not known, {result.no_estimate}"
    return (
        f"needs ≈ {result.more} more {'session' if result.more == 1 else 'sessions'} if it goes on like this"
    )


def warnings(running: RunningChallenge) -> tuple[str, ...]:
    """Return what makes the two sides differ besides their rules."""
    found = []
    if running.unasked:
        trades = fmt.plural(running.unasked, "trade")
        found.append(f"{trades} of the challenger would have needed a person's yes: not made")
    return tuple(found)


def session_counts(each: ChallengeSession) -> str:
    return f"{each.champion_trades}/{each.challenger_trades}"


def known_text(each: ChallengeSession) -> str:
    """Return what was known after a session, in a column."""
    if each.known is None:
        return "not over yet"
    mean, low, high = (
        fmt.whole_dollars(value, sign=True) for value in (each.known.mean, each.known.low, each.known.high)
    )
    return mean if each.known.low is None else f"{mean} ({low} to {high})"


def ended_text(each: EndedChallenge) -> str:
    """Return how a challenge ended, with both sums and the sample."""
    how = f"{each.end.lower()} by {each.author}" + (f" ({each.why})" if each.why else "")
    return (
        f"{rules_text(each.name, each.fingerprint)} against {rules_text(each.champion_name, each.champion)}: {how} "
        f"on {fmt.date(each.ended_at)} after {fmt.plural(each.sessions, 'session')}, "
        f"{fmt.plural(each.challenger_trades, 'trade')} {fmt.money(each.challenger_net)} against "
        f"{fmt.plural(each.champion_trades, 'trade')} {fmt.money(each.champion_net)}"
    )
