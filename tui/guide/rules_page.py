"""The guide's page on rules, made from the descriptions that the rules give of themselves."""

from __future__ import annotations

from collections.abc import Iterator

from core.rules import DEFAULT, RuleDescription, describe_rules

_INTRODUCTION = """# Rules

Every number that a trader may change. A rule is set in a TOML file, under the name of its section:

```toml
[market]
max_spread_bps = 10
```

`gatedeck run --rules FILE` uses the file, and what it leaves out keeps its default. `gatedeck rules check FILE` tells
what is wrong with a file, and `gatedeck rules show` prints the rules in force. A table has one row for each
threshold, and `-1e9` means "everything below".
"""
_LONGEST = 200
"""Characters of a default beyond which a list is cut on the page."""


def rules_page() -> str:
    """Return the page as Markdown: a section for each section of the rules, an item for each rule."""
    return "\n".join((_INTRODUCTION, *_sections())) + "\n"


def _sections() -> Iterator[str]:
    defaults = _defaults()
    section = ""
    for rule in describe_rules():
        name = rule.path.partition(".")[0]
        if name != section:
            yield f"## {name}\n" if not section else f"\n## {name}\n"
            section = name
        yield _item(rule, defaults.get(rule.path, "none"))


def _defaults() -> dict[str, str]:
    """Return the default of every rule by its path, as a rules file would state it."""
    found: dict[str, str] = {}
    section = ""
    for line in DEFAULT.to_toml().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif section and line:
            name, _, value = line.partition(" = ")
            found[f"{section}.{name}"] = value.replace("-1000000000.0", "-1e9")
    return found


def _item(rule: RuleDescription, default: str) -> str:
    if len(default) > _LONGEST:
        default = f"{default[:_LONGEST].rpartition(',')[0]}, …"
    unit = f" {rule.unit}" if rule.unit else ""
    bounds = _bounds(rule)
    about = f"{rule.meaning.rstrip('.')}." if rule.meaning else ""
    head = f"- `{rule.path.partition('.')[2]}` = `{default}`{unit}{f', {bounds}' if bounds else ''}."
    return f"{head} {about}".rstrip()


def _bounds(rule: RuleDescription) -> str:
    if rule.choices:
        return "one of " + ", ".join(f'"{choice}"' for choice in rule.choices)
    if rule.low is not None and rule.high is not None:
        return f"from {rule.low:g} to {rule.high:g}"
    if rule.low is not None:
        return f"at least {rule.low:g}"
    return "" if rule.high is None else f"at most {rule.high:g}"
