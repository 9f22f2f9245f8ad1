"""Trading rules: every number a trader may tune, read from TOML and checked.

The package parses text that it is given; it reads no file and keeps no state. It knows core.model and
core.exchange, and nothing that trades by the rules. A new rule is a field with a unit, bounds and a meaning
in one of the section files, and it must be read somewhere (tests/core/rules hold both).

Read first:

- decision_sections.py: account, intake, context, gates, confidence, size.
- trading_sections.py: contracts, clock, volatility, fills, exits (limit_sections.py: risk, learning).
- rules.py: ``Rules``, all sections together; fingerprint, TOML text, description of every rule.
- parsing.py: ``parse_rules``, from TOML text to ``Rules``.
- checks.py: rules that are valid alone but wrong together.
"""

from core.rules.parsing import RulesError, parse_rules
from core.rules.rules import DEFAULT, RuleDescription, Rules, changed_rules, describe_rules

__all__ = [
    "DEFAULT",
    "RuleDescription",
    "Rules",
    "RulesError",
    "changed_rules",
    "describe_rules",
    "parse_rules",
]
