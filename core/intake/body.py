"""Bodies: from the text that a sender posted to one JSON object, in every form that senders use."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import orjson

from core.intake.clean import MAX_DEPTH, MAX_TEXT, Cleaner, TooDeepError, clean, placeholder
from core.intake.errors import IntakeError, shown
from core.intake.repair import repaired, where_broken

Body = dict[str, Any]

MAX_ITEMS = 256
"""Most items of one array body; each costs a receipt, so a larger array is refused as a whole."""
MAX_WRAPPERS = 3
MAX_DIGITS = 400
"""Most digits of a whole number; a longer one exceeds the range of a float."""

_EDGES = " \t\r\n\ufeff\x00"


def _whole(digits: str) -> int | float:
    """Return a whole number of any length; Python's int() refuses thousands of digits, JSON allows them."""
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


_DECODER = json.JSONDecoder(strict=False, parse_int=_whole)
_SPACE = re.compile(r"[ \t\r\n]*")
_JSON_LINE = re.compile(r"\n[ \t]*(?=[\[{])")
_FIELD_BEFORE = re.compile(r'"([^"\\]{1,64})"\s*:\s*"?[^",:{}]*$')
_SENTENCE = re.compile(
    r"^(?P<strategy>.{0,300}?):?\s*order\s+(?P<action>buy|sell)\s+@\s+(?P<contracts>[\d.,]+)\s+filled on\s+"
    r"(?P<ticker>\S+?)(?: (?:at|@) [\d.,]*\d)?\.\s+New strategy position is\s+(?P<position>-?\d[\d,]*(?:\.\d+)?|flat)"
    r"(?:\.?\s*$|[.,;]?\s+(?P<rest>\S.{0,300})$)",
    re.IGNORECASE | re.DOTALL,
)


def text_of(body: bytes | bytearray | memoryview | str) -> str:
    """Return the body as text; bytes that are not UTF-8 become U+FFFD, so that any body can be stored."""
    return body if isinstance(body, str) else bytes(body).decode("utf-8", "replace")


def open_body(body: object, notes: list[str]) -> tuple[Body, bool]:
    """Return the one cleaned JSON object of a body given as bytes, text or parsed JSON, and whether it is flat.

    Wrappers are removed, all accepted forms are parsed, and every repair is added to ``notes``. In a flat body no
    text begins with a brace or a quote, so none holds a body of its own. Raises IntakeError.
    """
    value: object = body
    flat = False
    for _ in range(MAX_WRAPPERS):
        if isinstance(value, (str, bytes, bytearray, memoryview)):
            value, flat = _parse(text_of(value), notes, wrapped=value is not body)
        else:
            value = _cleaned(value, notes)
        if isinstance(value, str) and value.lstrip(_EDGES)[:1] == "{":
            notes.append("the JSON was encoded twice")
            continue
        if not isinstance(value, dict):
            raise _not_an_object(value)
        inner = value.get("text")
        if not isinstance(inner, str):
            return value, flat
        if len(value) > 1 and inner.lstrip(_EDGES)[:1] != "{":
            if found := placeholder(inner):
                raise unfilled("text", found)
            return {**value, "text": clean(inner)}, False
        value = inner
    raise IntakeError("TOO_DEEP", f"text: wrapped more than {MAX_WRAPPERS - 1} times", "text")


def inner_body(text: str, path: str, notes: list[str], *, known: bool = True) -> Body | None:
    """Return the JSON object that a text inside a body holds, ``None`` when it holds none; raises IntakeError.

    A text that is JSON encoded twice is opened too. With ``known`` a broken object is refused, else passed over.
    """
    value: object = text
    for _ in range(MAX_WRAPPERS):
        if not isinstance(value, str) or value.lstrip(_EDGES)[:1] not in ("{", '"'):
            break
        try:
            value, _ = _parse(value, notes, wrapped=True)
        except IntakeError as error:
            if error.code != "TEXT_NOT_JSON":
                raise
            if known and text.lstrip(_EDGES)[:1] == "{":
                raise IntakeError(
                    error.code, f"{path}: {error.reason.removeprefix('text: ')}", path
                ) from None
            return None
    return value if isinstance(value, dict) else None


def split(body: bytes | str) -> tuple[str, ...]:
    """Return the items of an array body, each as its own text, else the one body as text.

    Never raises: a body that cannot be split is one item, so that it can be stored and refused.
    """
    text = text_of(body)
    start = text.lstrip(_EDGES)
    if start[:1] not in "[{" and (line := _JSON_LINE.search(start)):
        start = start[line.end() :]
    if start[:1] != "[":
        return (text,)
    return _items(start.rstrip(_EDGES)) or (text,)


def canonical_hash(body_text: str | bytes) -> str:
    """Return a short hash that is equal for bodies which differ only in key order, whitespace and wrapping."""
    try:
        value = orjson.loads(body_text)
        for _ in range(MAX_WRAPPERS):
            if not (type(value) is dict and len(value) == 1 and type(value.get("text")) is str):
                break
            value = orjson.loads(value["text"])
        canonical = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (ValueError, TypeError):  # not JSON, or deeper than can be written again
        canonical = " ".join(text_of(body_text).split()).encode("utf-8", "replace")
    return hashlib.blake2b(canonical, digest_size=16).hexdigest()


def _items(text: str) -> tuple[str, ...]:
    """Return the texts of an array's items as sent (repeated keys and NaN are kept), () if it is malformed."""
    items: list[str] = []
    at = 1
    try:
        while len(items) < MAX_ITEMS:
            at = _past_space(text, at)
            end = _DECODER.raw_decode(text, at)[1]
            items.append(text[at:end])
            at = _past_space(text, end)
            if text[at:] == "]":
                return tuple(items)
            if text[at : at + 1] != ",":
                return ()
            at += 1
    except (ValueError, RecursionError):
        return ()
    return ()


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _parse(text: str, notes: list[str], *, wrapped: bool) -> tuple[object, bool]:
    """Return the value of a text, and whether none of its texts can begin with a brace or a quote."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _cleaned(_repaired(text, notes, wrapped=wrapped), notes), False
    parts = text.split("{")
    ends = {part[-1:] for part in parts[1:]}  # what stands before a brace, and the end of the text
    escaped = "\\" in text
    plain = not escaped and "" not in ends and text.isascii() and "\x7f" not in text
    if not plain or len(text) > MAX_TEXT or len(parts) + text.count("[") > MAX_DEPTH:
        value = _cleaned(value, notes)
    flat = plain and '"' not in ends and parts[0][-1:] != '"'
    # Parsing drops a repeated key: what is written again is shorter than the text, and has fewer colons.
    written = orjson.dumps(value)
    if len(written) == len(text) and written == text.encode():
        return value, flat
    if (escaped and "\\u" in text) or text.count(":") != written.count(b":"):  # an escape may hide a colon
        _refuse_repeated_keys(text)
    return value, flat


def _repaired(text: str, notes: list[str], *, wrapped: bool) -> object:
    """Parse the accepted forms that are not strict JSON."""
    bare = text.strip(_EDGES)
    if not bare:
        raise IntakeError("NOT_JSON", "the body is empty; a JSON object is expected")
    if (ordered := sentence_body(bare, notes)) is not None:
        return ordered
    try:
        value = _exact(bare)
    except ValueError as error:
        if isinstance(error, IntakeError):
            raise
    else:
        if not _strict(bare):
            notes.append(
                "not strict JSON: NaN and Infinity are read as no value, line ends in texts as spaces"
            )
        return value
    try:
        return repaired(bare, _exact, notes)
    except ValueError as error:
        if isinstance(error, IntakeError):
            raise
    if found := placeholder(bare):
        before = _FIELD_BEFORE.search(bare[: bare.index(found)])
        raise unfilled(clean(before.group(1), 64) if before else "text" if wrapped else "body", found)
    where = "text: its content is not JSON" if wrapped else "the body is not JSON"
    raise IntakeError(
        "TEXT_NOT_JSON" if wrapped else "NOT_JSON",
        f'{where}: {where_broken(bare)}. Accepted are a JSON object, {{"text": "<json>"}}, an array of '
        "either, and TradingView's default strategy sentence",
        "text" if wrapped else None,
    )


def _exact(text: str) -> Any:
    """Parse and refuse a key with two values; NaN and Infinity stay numbers."""
    try:
        return json.loads(text, strict=False, object_pairs_hook=_once, parse_int=_whole)
    except RecursionError:
        raise too_deep() from None


def _strict(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _refuse_repeated_keys(text: str) -> None:
    try:
        _exact(text)
    except IntakeError:
        raise
    except ValueError:
        return  # a number too long for this parser; the other one has read the body


def _once(pairs: list[tuple[str, Any]]) -> Body:
    out: Body = {}
    for key, value in pairs:
        if key in out and out[key] != value:
            raise _twice(key)
        out[key] = value
    return out


def sentence_body(text: str, notes: list[str]) -> Body | None:
    """Return TradingView's default strategy sentence as an object, ``None`` for any other text."""
    found = _SENTENCE.match(text)
    if found is None:
        return None
    notes.append("read from TradingView's default strategy sentence")
    position = found["position"].replace(",", "")
    return {
        "ticker": found["ticker"],
        "action": found["action"],
        "contracts": found["contracts"],
        "strategy_name": found["strategy"],
        "position_size": "0" if position.lower() == "flat" else position,
        "comment": clean(found["rest"] or ""),
    }


def _cleaned(value: object, notes: list[str]) -> object:
    cleaner = Cleaner()
    try:
        out: object = cleaner.tree(value)
    except (TooDeepError, RecursionError):
        raise too_deep() from None
    if cleaner.clash is not None:
        raise _twice(cleaner.clash)
    if cleaner.unfilled is not None:
        raise unfilled(*cleaner.unfilled)
    if cleaner.removed:
        notes.append("control characters or overlong text removed")
    return out


def unfilled(field: str, found: str) -> IntakeError:
    return IntakeError(
        "PLACEHOLDER",
        f"{field}: the placeholder {clean(found, 64)} was never filled in; strategy placeholders need an "
        "alert made on a strategy, and alert() in Pine fills in none",
        field,
    )


def too_deep() -> IntakeError:
    return IntakeError("TOO_DEEP", f"the body is nested deeper than {MAX_DEPTH} levels")


def _twice(key: str) -> IntakeError:
    name = clean(key, 64)
    return IntakeError("DUPLICATE_KEY", f"{name}: given twice with different values", name)


def _not_an_object(value: object) -> IntakeError:
    if isinstance(value, list):
        return IntakeError("ARRAY", "an array: its items are taken one by one, each an object of its own")
    return IntakeError(
        "NOT_OBJECT", f"a JSON object is expected, not {'null' if value is None else shown(value)}"
    )
