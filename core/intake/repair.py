"""JSON that is almost right: four faults are repaired with a note, all others told with line and column.

A broken body with a field for a secret is never repaired.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from core.intake.clean import clean
from core.intake.secrets import extract_secrets, names_secret

_SHOWN = 24
"""Characters of a broken body that a message repeats."""
_STRING = r'"(?:[^"\\]|\\.)*"'
_CURLY: Final = dict.fromkeys((ord(c) for c in "“”„‟«»″"), '"')
_TRAILING: Final = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)
_NO_VALUE: Final = re.compile(
    rf"{_STRING}|(?<![\w.\"])(?P<none>na|NA|N/A|n/a|None|none|undefined|nil|NULL|Null)(?![\w.\"])"
    r"|(?<![\w.\"])(?P<true>True|TRUE)(?![\w.\"])|(?<![\w.\"])(?P<false>False|FALSE)(?![\w.\"])",
    re.DOTALL,
)
_JSON_LINE: Final = re.compile(r"\n[ \t]*(?=[\[{])")
_EXPECTED: Final = (
    ("Expecting ',' delimiter", "a comma or a closing bracket would do"),
    ("Expecting property name", 'a name in double quotes, such as "ticker", would do'),
    ("Illegal trailing comma", "no comma before the closing bracket would do"),
    ("Expecting ':' delimiter", "a colon after the name would do"),
    ("Expecting value", "a number, a text in double quotes, true, false or null would do"),
    ("Unterminated string", "a closing double quote would do"),
    ("Invalid \\", "a double backslash would do"),
    ("Invalid control", "a text without control characters would do"),
    ("Extra data", "the end of the body would do"),
)

Parse = Callable[[str], Any]
"""A strict parser: raises ValueError."""


def repaired(text: str, parse: Parse, notes: list[str]) -> Any:
    """Return the value of a body after repairs, each told in ``notes``; raises ValueError when it stays broken."""
    if names_secret(text):
        # The secret was cut by a pattern; in a broken text nobody can tell whether too much went with it.
        raise ValueError("a broken body with a secret is not repaired")
    told: list[str] = []
    rest = text
    if any(chr(code) in rest for code in _CURLY):
        rest = rest.translate(_CURLY)
        told.append("repaired: curly quotes read as straight ones")
    rest = _sub(_TRAILING, rest, lambda _: "", told, "repaired: a comma before a closing bracket left out")
    rest = _sub(
        _NO_VALUE,
        rest,
        lambda m: "null" if m["none"] else "true" if m["true"] else "false",
        told,
        "repaired: na, None, True and the like read as null, true and false",
    )
    rest, around = _without_text_around(rest, parse)
    value = parse(rest)
    notes += told + around
    return value


def _sub(
    pattern: re.Pattern[str], text: str, made: Callable[[re.Match[str]], str], told: list[str], note: str
) -> str:
    out = pattern.sub(lambda m: m[0] if m[0][0] == '"' else made(m), text)
    if out != text:
        told.append(note)
    return out


def _without_text_around(text: str, parse: Parse) -> tuple[str, list[str]]:
    """Return the JSON inside a text; raises ValueError when a second object stands beside it."""
    told: list[str] = []
    if text[:1] not in "[{":
        line = _JSON_LINE.search(text)
        at = line.end() if line else text.find("{")
        if at > 0 and (line or '"' not in text[:at]):
            text = text[at:]
            told.append("repaired: text before the JSON was ignored")
    if text[:1] == "{":
        end = _end_of_object(text)
        after = text[end:].strip()
        if 0 < end < len(text) and after and not any(c in after for c in '{}[]"'):
            parse(text[:end])
            text = text[:end]
            told.append("repaired: text after the JSON was ignored")
    return text, told


def _end_of_object(text: str) -> int:
    """Return the place after the bracket that closes the first one, 0 when none does."""
    depth, quoted, escaped = 0, False, False
    for n, character in enumerate(text):
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
            if depth == 0:
                return n + 1
    return 0


def where_broken(text: str) -> str:
    """Return where a body stops being JSON: line, column, what stands there and what would do.

    No secret of a field is repeated.
    """
    text = extract_secrets(text)[0]
    bare = text.lstrip(" \t\r\n\ufeff")
    if bare[:3].upper() == "%7B" or re.match(r"[\w.\[\]-]{1,40}=", bare):
        return "it is a form (application/x-www-form-urlencoded): a JSON object as the whole body would do"
    if bare[:1] == "<":
        return "line 1, column 1: it begins like HTML or XML; a { that opens a JSON object would do"
    if bare[:1] not in ("{", "[", '"'):
        return f"line 1, column 1: {_stands(bare, 0)}; a {{ that opens a JSON object would do"
    try:
        json.loads(text.lstrip("\ufeff"), strict=False)
    except json.JSONDecodeError as error:
        would_do = next((said for begin, said in _EXPECTED if error.msg.startswith(begin)), error.msg)
        hint = _hint(error.doc, error.pos)
        return f"line {error.lineno}, column {error.colno}: {_stands(error.doc, error.pos)}; {would_do}{hint}"
    except (ValueError, RecursionError):
        return "a number or a nesting that is too long"
    return "line 1, column 1: one object would do"


def _stands(text: str, at: int) -> str:
    found = clean(text[at : at + _SHOWN], _SHOWN)
    return f'"{found}" stands there' if found.strip() and at < len(text) else "the body ends there"


def _hint(text: str, at: int) -> str:
    if text[at : at + 1] == "'":
        return " (texts and names stand in double quotes)"
    if text[at : at + 2] in ("//", "/*"):
        return " (JSON has no comments)"
    if re.match(r"\d", text[at:]) and re.search(r"\d,$", text[:at]):
        return " (a number has a decimal point, no comma)"
    return ""
