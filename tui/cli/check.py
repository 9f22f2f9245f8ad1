"""`gatedeck send --check`: read bodies as the listener would, without an engine, and post nothing.

A body is accepted with its meaning, or refused with the field that is wrong and what would be accepted. The engine's
clock, rules and market are not asked: an accepted signal can still be late or skipped.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import category

from core.intake import ENDPOINTS, IntakeError, normalise, sample, split
from core.model import Direction, Update
from server.config import ConfigError
from tui import fmt
from tui.cli.console import print_json
from tui.cli.send import ORDER

LISTED = 20
"""Most bodies of which each is printed on a line; of more, how many there are of each kind."""
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Given:
    """A body to check: its name in the output, the endpoint it is for (``None`` for any), its text."""

    name: str
    endpoint: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The reading of a body: ``code`` and ``field`` of a refusal, both ``None`` for an accepted body.

    ``unsafe`` counts characters of the reading that a terminal could take for a command.
    """

    name: str
    meaning: str
    code: str | None = None
    field: str | None = None
    notes: tuple[str, ...] = ()
    unsafe: int = 0


def check(
    names: Sequence[str], *, hostile: bool, symbol: str, price: float, short: bool, as_json: bool
) -> int:
    """Check each sample, file or ``-`` (standard input) and print how it is read; return 0 if all are accepted.

    With ``hostile``, check hostile bodies and return 0 if nothing of them could command a terminal. Raises
    ConfigError for a file that cannot be read.
    """
    if hostile and names:
        raise ConfigError("hostile: the hostile bodies are built in; give no sample and no file")
    direction = Direction.SHORT if short else Direction.LONG
    given = (
        _hostile(symbol.upper(), price)
        if hostile
        else _given(names or ORDER, symbol.upper(), price, direction)
    )
    found = [checked for each in given for checked in read(each)]
    if as_json:
        print_json(json.dumps([asdict(each) for each in found]).encode())
    else:
        print("\n".join(_lines(found, hostile)))
    if hostile:
        return 1 if any(each.unsafe for each in found) else 0
    return 1 if any(each.code for each in found) else 0


def read(given: Given) -> Iterator[Checked]:
    """Yield how each item of a body is read; a body that is no list is one item."""
    for item in split(given.text):
        try:
            update = normalise(item, given.endpoint)
        except IntakeError as refusal:
            reason = refusal.reason
            yield Checked(
                given.name, reason, refusal.code, refusal.field, (), _unsafe((reason, refusal.field))
            )
        else:
            yield Checked(given.name, _meaning(update), None, None, update.notes, _unsafe(asdict(update)))


def _given(names: Iterable[str], symbol: str, price: float, direction: Direction) -> Iterator[Given]:
    now = datetime.now(UTC)
    for name in names:
        if name in ENDPOINTS:
            body = sample(ENDPOINTS[name], now, symbol, price, direction, timeframe=15)
            yield Given(name, name, json.dumps(body))
        else:
            yield from _of_file(name)


def _of_file(name: str) -> Iterator[Given]:
    """Yield the body of a file, or of each line of a .jsonl file, where ``body`` and ``endpoint`` may be fields."""
    try:
        content = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
        text = content.decode("utf-8")
    except OSError as error:
        raise ConfigError(f"send: {error} (samples are: {', '.join(ORDER)})") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"send: {name} is not UTF-8: {error.reason}") from None
    if not name.endswith(".jsonl"):
        yield Given("standard input" if name == STANDARD_INPUT else name, None, text.rstrip("\n"))
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _of_line(f"{name}:{number}", line)


def _of_line(name: str, line: str) -> Given:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict) or "body" not in row:
        return Given(name, None, line)
    body, endpoint = row["body"], row.get("endpoint")
    return Given(
        name,
        endpoint if isinstance(endpoint, str) else None,
        body if isinstance(body, str) else json.dumps(body),
    )


def _hostile(symbol: str, price: float) -> Iterator[Given]:
    from core.intake.hostile import hostile_bodies

    for endpoint, text in hostile_bodies(datetime.now(UTC), symbol, price):
        yield Given(endpoint, endpoint, text)


def _meaning(update: Update) -> str:
    side = update.signal.direction if update.signal is not None else None
    if side is None and update.request is not None:
        side = update.request.direction
    words = [str(update.source), update.symbol]
    if update.signal is not None or update.request is not None:
        words += [str(update.intent), *([str(side)] if side else ())]
    return " ".join(words)


def _unsafe(value: Any) -> int:
    """Count the characters that could command a terminal in all texts of a value."""
    if isinstance(value, str):
        return 0 if value.isprintable() else sum(category(each) in fmt.COMMANDING for each in value)
    if isinstance(value, dict):
        return sum(_unsafe(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return sum(map(_unsafe, value))
    return 0


def _lines(found: Sequence[Checked], hostile: bool) -> Iterator[str]:
    if len(found) <= LISTED and not hostile:
        for each in found:
            yield f"{each.name}: {'accepted' if each.code is None else f'refused {each.code}'}: {each.meaning}"
            yield from (f"  note: {note}" for note in each.notes)
        return
    refused = Counter(each.code for each in found if each.code is not None)
    accepted = len(found) - refused.total()
    yield f"{len(found):,} bodies: {accepted:,} accepted, {refused.total():,} refused"
    for code, count in refused.most_common():
        example = next(each for each in found if each.code == code)
        yield f"  {count:4} {code}, such as {fmt.clip(example.meaning, 100)}"
    if hostile:
        yield f"characters that could command a terminal, in all that was read: {sum(each.unsafe for each in found)}"
