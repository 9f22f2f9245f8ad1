"""The guide's page on rules, made from the metadata of the rules themselves."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from core.rules import DEFAULT

_INTRODUCTION = """# Rules

Every number that a trader may change. A rule is set in a TOML file, under the name of its section:

```
[market]
max_spread_bps = 10
```

`gatedeck run --rules FILE` uses the file, and what it leaves out keeps its default. `gatedeck rules check FILE` tells
what is wrong with a file, and `gatedeck rules show` prints the rules in force.
"""
_LONGEST = 200
"""Characters of a default beyond which a table is cut on the page."""


def rules_page() -> str:
    """Return the page as Markdown: a section for each table of the rules, a line for each rule."""
    return "\n".join((_INTRODUCTION, *_sections()))


def _sections() -> Iterator[str]:
    for section in dataclasses.fields(DEFAULT):
        value = getattr(DEFAULT, section.name)
        if not dataclasses.is_dataclass(value):
            continue
        yield f"## {section.name}\n"
        for spec in dataclasses.fields(value):
            yield _line(spec, getattr(value, spec.name))
        yield ""


def _line(spec: dataclasses.Field[Any], default: Any) -> str:
    known = spec.metadata
    unit = f" {known['unit']}" if known.get("unit") else ""
    parts = [_bounds(known), str(known.get("meaning") or "")]
    about = ". ".join(part.rstrip(".") for part in parts if part)
    return f"- `{spec.name}` = {_value(default)}{unit}" + (f". {about}." if about else ".")


def _bounds(known: Mapping[str, Any]) -> str:
    low, high, choices = known.get("low"), known.get("high"), known.get("choices")
    if choices:
        return "One of " + ", ".join(json.dumps(choice) for choice in choices)
    if low is not None and high is not None:
        return f"From {low:g} to {high:g}"
    if low is not None:
        return f"At least {low:g}"
    return "" if high is None else f"At most {high:g}"


def _value(default: Any) -> str:
    text = json.dumps(default)
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[: _LONGEST - 1].rsplit(',', 1)[0]}, …`"
