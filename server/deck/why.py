"""Distances of decisions to a trade, computed when they are read, under the rules that each was made under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from core.decision.why_no_trade import WhyNoTrade, why_no_trade
from core.model import DecisionRecord
from core.rules import Rules, RulesError, parse_rules

_KEPT = 64


class RulesVersions(Protocol):
    """A ledger, or a reader of one."""

    async def rules_versions(self) -> Sequence[Mapping[str, Any]]: ...


class WhyNoTradeService:
    """Decides again with one value changed; keeps the latest answers, since a decision never changes."""

    def __init__(self, ledger: RulesVersions) -> None:
        self._ledger = ledger
        self._rules: dict[str, Rules] = {}
        """Rules that were in force while this ran, or were read from the ledger, by fingerprint."""
        self._answers: dict[str, WhyNoTrade | None] = {}

    def of_known(self, record: DecisionRecord, in_force: Rules) -> WhyNoTrade | None:
        """Return the distances of a decision made under rules that are known here, else that they are not."""
        self._rules[in_force.fingerprint] = in_force
        if record.id in self._answers:
            return self._answers[record.id]
        rules = self._rules.get(record.verdict.rules_fingerprint)
        if rules is None:
            return WhyNoTrade(unknown="it was made under other rules; the decision's detail reads them")
        answer = self._answers[record.id] = why_no_trade(record, rules)
        if len(self._answers) > _KEPT:
            del self._answers[next(iter(self._answers))]
        return answer

    async def of(self, record: DecisionRecord, in_force: Rules) -> WhyNoTrade | None:
        """Return the distances of any decision; its rules are read from the ledger where need be."""
        fingerprint = record.verdict.rules_fingerprint
        if fingerprint not in self._rules and fingerprint != in_force.fingerprint:
            for version in await self._ledger.rules_versions():
                if version["fingerprint"] != fingerprint:
                    continue
                try:
                    self._rules[fingerprint] = parse_rules(str(version["toml"]))
                except RulesError as error:
                    return WhyNoTrade(unknown=f"its rules cannot be read: {error}")
                break
            else:
                return WhyNoTrade(unknown=f"its rules {fingerprint[:6]} are not in the ledger")
        return self.of_known(record, in_force)
