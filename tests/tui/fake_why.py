"""Distances of the fake deck's SKIP to a trade."""

from __future__ import annotations

from core.model import Action
from server.deck import GateDistance, Outcome, WhyNoTrade


def why() -> WhyNoTrade:
    """A spread that was 2.8 bps too wide, and an AI score that was too low."""
    return WhyNoTrade(
        distances=(
            GateDistance(
                gate="market", code="SPREAD_WIDE", text="market failed by 2.8 bps of spread", changed="at 12 bps",
                would=Outcome(action=Action.EXECUTE, confidence=71.3), missing=2.8, unit="bps",
                rule="market.max_spread_bps",
            ),
            GateDistance(
                gate="limit", code="MAX_POSITIONS", text="5 positions open, limit 5", changed="without that",
                would=Outcome(action=Action.SKIP, confidence=58.2, failed=("market",)),
            ),
        ),
        together=Outcome(action=Action.EXECUTE, confidence=71.3),
    )  # fmt: skip
