from core.rules.rules import (
    DEFAULT,
    Rules,
    RulesError,
    changed_rules,
)

__all__ = [
    "DEFAULT",
    "Rules",
    "RulesError",
    "changed_rules",
]
