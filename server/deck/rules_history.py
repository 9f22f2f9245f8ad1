"""Rules versions of a ledger, each with the numbers that it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from core.rules import Rules, RulesError, changed_rules, parse_rules


def with_changes(versions: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return the versions, newest first, each with ``changes``: the differences from the version before."""
    out = []
    for n, version in enumerate(versions):
        before = versions[n + 1]["toml"] if n + 1 < len(versions) else None
        changes = "" if before is None else _changes(str(before), str(version["toml"]))
        out.append({**version, "changes": changes})
    return tuple(out)


def changes_between(before: Rules, after: Rules) -> list[str]:
    """Return the differences between two sets of rules, one text per number."""
    return [_format_change(path, old, new) for path, (old, new) in changed_rules(before, after).items()]


def rules_change(before: Rules, after: Rules) -> str:
    """Return one line: name and fingerprint of both, and the numbers that differ."""
    names = f"{before.name} {before.fingerprint[:6]} → {after.name} {after.fingerprint[:6]}"
    return f"{names}: {', '.join(changes_between(before, after)) or 'only the name'}"


@lru_cache(maxsize=256)
def _changes(before: str, after: str) -> str:
    try:
        return ", ".join(changes_between(parse_rules(before), parse_rules(after)))
    except RulesError as error:  # an older program may have stored rules unknown to this one
        return f"cannot be compared: {error}"


def _format_change(path: str, old: Any, new: Any) -> str:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        parts = (
            _format_change(f"{path}.{key}", old.get(key), new[key]) for key in new if old.get(key) != new[key]
        )
        return ", ".join(parts)
    if isinstance(old, tuple) and isinstance(new, tuple):
        return f"{path} changed"
    return f"{path} {_value(old)} → {_value(new)}"


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
