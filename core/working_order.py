"""Working orders: a limit to buy that goes from the mid to the far side, step by step, until a later quote meets it.

Only a quote made after the order was placed fills it, and only with an ask at or under the limit: that a limit
stands inside the spread is no evidence that somebody sells at it. A model's quote counts only for an order that was
placed on one; such a fill is estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.limit_walk import buy_limit, steps_gone, walk_ends_at
from core.model import Contract, DecisionRecord, Levels
from core.positions.position import Mark
from core.rules.sections import FillRules

WORKING = "WORKING"
NOT_FILLED = "NOT_FILLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingOrder:
    """A purchase of ``contracts`` whose limit goes from ``mid`` to ``ask``, both as quoted ``at`` its start.

    Prices in $ per share, ``planned_loss`` in $ a contract, ``atr`` daily in $ or ``None``. ``record`` is the
    decision that placed it, ``mark`` the valuation it was placed on, ``reference`` the price in the signal's message.
    ``modelled``: placed on the model's quote.
    """

    signal_id: str
    position_id: str
    at: datetime
    contract: Contract
    contracts: int
    planned_loss: float
    mid: float
    ask: float
    mark: Mark
    modelled: bool
    atr: float | None
    levels: Levels
    reference: float | None
    strategy: str | None = None
    record: DecisionRecord | None = None

    @property
    def symbol(self) -> str:
        return self.contract.underlying

    def step(self, now: datetime, rules: FillRules) -> int:
        """Return the steps gone since the start, at most ``walk_steps``."""
        return steps_gone(self.at, now, rules)

    def limit(self, step: int, rules: FillRules) -> float:
        """Return the limit after some steps on its tick: at first the mid or less, at last the ask."""
        return buy_limit(self.symbol, self.mid, self.ask, step, rules)

    def ends_at(self, rules: FillRules) -> datetime:
        """Return the instant at which the last limit has stood for one step."""
        return walk_ends_at(self.at, rules)

    def text(self, limit: float) -> str:
        return f"{self.contract.label} × {self.contracts} at a limit of {limit:.2f}"
