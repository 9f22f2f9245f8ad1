"""Trades that a set of rules makes of the stored decisions: contracts and dollars, or why they are not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from core.decision.columns import Codes
from core.learning.limits_replay import allowed
from core.learning.outcomes import Flags, Floats, Ints, Outcomes
from core.rules import Rules

NO_OUTCOME = "no outcome is known"
NO_ANSWER = "the market answer or the body of its decision is not stored"
APPROVAL = "it would wait for a person's approval, which nobody was asked for"
GAP = "its prices after its own exit have a gap of more than 15 min"
OPEN = "still open where its prices end"
STALE = "it would exit without a fresh price"
NOT_REPEATED = "the rules in force do not reproduce its stored result"
OTHER_ENGINE = "another version of the engine made it, and this one does not make its stored result again"
MOVED = "it moves to another decision of its signal, which was not followed"
WHY = ("", NO_OUTCOME, NO_ANSWER, APPROVAL, GAP, OPEN, STALE, NOT_REPEATED, MOVED, OTHER_ENGINE)
"""Reasons why the dollars of a trade are not known, by code; the first means they are known."""
CODE = cast("np.dtype[np.bytes_]", np.dtype((np.bytes_, 24)))
"""Type of a column of codes that refused a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradesMade:
    """The trades that a set of rules makes of n decisions, arrays of shape (n,).

    ``made`` marks the trades; ``contracts`` and ``net`` (account dollars, NaN when unknown) are theirs, and ``why``
    is a code into WHY. ``refused`` is the code of a decision that was executed and not made, empty where none is
    known. ``bands`` (n, 3) are the net dollars by execution, ``None`` where trades were not made again.
    """

    made: Flags
    contracts: Floats
    net: Floats
    why: Codes
    refused: NDArray[np.bytes_]
    bands: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BothTrades:
    """The trades of the rules in force and of a candidate; ``equal`` marks those that are the same in all they do."""

    in_force: TradesMade
    candidate: TradesMade
    equal: Flags


def stored_trades(
    outcomes: Outcomes, in_force: Flags, candidate: Flags, now: Rules, then: Rules
) -> BothTrades:
    """Return the trades with their stored outcomes, of decisions executed by either set of rules (two masks).

    Of each signal the first executed decision counts, and the limits on open positions are applied again
    (``limits_replay``). Sizes follow ``outcomes.scale``; exits are the stored ones.
    """
    scale = outcomes.scale if outcomes.scale is not None else np.ones(len(outcomes))
    made = [
        allowed(outcomes, first_executed(outcomes.signal, executed), rules)
        for executed, rules in ((in_force, now), (candidate, then))
    ]
    unknown = np.where(np.isnan(outcomes.net), WHY.index(NO_OUTCOME), 0).astype(np.int8)
    refused = np.full(len(outcomes), b"", dtype=CODE)
    # Where neither price nor planned loss is stored, a size is only known as a multiple of the stored one.
    bought = np.ones(len(outcomes)) if outcomes.contracts is None else outcomes.contracts
    both = [
        TradesMade(made=each, contracts=bought * size, net=outcomes.net * size, why=unknown, refused=refused)
        for each, size in zip(made, (np.ones(len(outcomes)), scale), strict=True)
    ]
    return BothTrades(in_force=both[0], candidate=both[1], equal=made[0] & made[1] & (scale == 1))


def first_executed(signal: Ints, executed: Flags) -> Flags:
    """Return a mask of the rows that are the first executed decision of their signal."""
    places = np.flatnonzero(executed)
    _, first = np.unique(signal[places], return_index=True)
    once = np.zeros(len(executed), dtype=np.bool_)
    once[places[first]] = True
    return once
