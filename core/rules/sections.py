"""All sections of the rules, from the files that define them."""

from core.rules.decision_sections import (
    AccountRules,
    ConfidenceRules,
    ContextRules,
    IntakeRules,
    MarketGateRules,
    RegimeGateRules,
    SizingRules,
    StructuralGateRules,
)
from core.rules.limit_sections import LearningRules, RiskRules
from core.rules.rule_fields import Steps
from core.rules.trading_sections import ClockRules, ContractRules, ExitRules, FillRules, VolatilityRules

__all__ = [
    "AccountRules",
    "ClockRules",
    "ConfidenceRules",
    "ContextRules",
    "ContractRules",
    "ExitRules",
    "FillRules",
    "IntakeRules",
    "LearningRules",
    "MarketGateRules",
    "RegimeGateRules",
    "RiskRules",
    "SizingRules",
    "Steps",
    "StructuralGateRules",
    "VolatilityRules",
]
