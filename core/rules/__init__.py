from core.rules.parsing import RulesError, parse_rules
from core.rules.rules import DEFAULT, Rules, changed_rules

__all__ = ["DEFAULT", "Rules", "RulesError", "changed_rules", "parse_rules"]
