"""Learning: statistics of stored decisions, and suggestions which rule to change.

Job: measure which gates pay, how well confidence predicts, and what candidate rules would have changed. It
only advises: a person applies a suggestion. May not touch files, the ledger's SQL, the wall clock, rules in
force, the server or the screens: ledger entries come in parsed.

Read first:

- observations.py: the unit that is counted, one observation per signal.
- effectiveness.py: what each gate saved and cost.
- whatif.py: candidate rules on stored decisions.
- trade_replay.py: trades under other rules, by the engine's own functions, along stored prices.
- suggestions.py: the statistical tests behind a suggested change of a rule; held_fixed.py: what they hold fixed.
"""

from core.learning.budget import BudgetAdvice, budget_advice
from core.learning.calibration import Calibration, CalibrationBin, calibration
from core.learning.columns import Observations
from core.learning.effectiveness import (
    Combination,
    GateEffect,
    Group,
    gate_combinations,
    gate_effects,
)
from core.learning.hypothetical import Shadows, shadows
from core.learning.learn import Learning, learn, whatif_entries, with_side_effects
from core.learning.ledger_columns import ledger_columns
from core.learning.looks import Look
from core.learning.observations import Observation, observations_from
from core.learning.outcomes import Outcomes
from core.learning.rule_paths import rule_value, with_rule
from core.learning.suggestion import Evidence, Search, Suggestion, SuggestionStatus, apply, change_of
from core.learning.suggestions import Judgement, suggest
from core.learning.tables import TABLES, Drift, Row, drift, table
from core.learning.whatif import IN_SAMPLE, Difference, GateChange, WhatIf, whatif

__all__ = [
    "IN_SAMPLE",
    "TABLES",
    "BudgetAdvice",
    "Calibration",
    "CalibrationBin",
    "Combination",
    "Difference",
    "Drift",
    "Evidence",
    "GateChange",
    "GateEffect",
    "Group",
    "Judgement",
    "Learning",
    "Look",
    "Observation",
    "Observations",
    "Outcomes",
    "Row",
    "Search",
    "Shadows",
    "Suggestion",
    "SuggestionStatus",
    "WhatIf",
    "apply",
    "budget_advice",
    "calibration",
    "change_of",
    "drift",
    "gate_combinations",
    "gate_effects",
    "learn",
    "ledger_columns",
    "observations_from",
    "rule_value",
    "shadows",
    "suggest",
    "table",
    "whatif",
    "whatif_entries",
    "with_rule",
    "with_side_effects",
]
