"""The language of the code: plain first words, module docstrings, and no word about a document that is not here."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("core", "server", "tui")
QUESTIONS = {"what", "how", "whether", "where", "why", "who"}
ABSENT = re.compile(r"\b(?:SPEC|DESIGN|HOUSE|MOVES|[A-Z]+-FACTS)\b(?!\.\w)")
"""Documents that were written beside this repository, by their names in capitals."""


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """(path, tree) of every file of the three rooms."""
    found = []
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            found.append((file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))))
    return tuple(found)


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of every comment of a file."""
    source = io.StringIO(path.read_text(encoding="utf-8"))
    for token in tokenize.generate_tokens(source.readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def texts_below_a_name(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of every string that is a statement of its own: docstrings, and those below an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                yield node.lineno, node.value.value


def listed(offenders: list[str]) -> str:
    return f"{len(offenders)} found:\n" + "\n".join(offenders)


def first_word(text: str) -> str:
    return re.split(r"[^\w'-]", text.strip().lstrip("`\"'("), maxsplit=1)[0].lower()


def test_a_name_is_described_by_a_verb_or_a_noun() -> None:
    """Modules, classes, functions, and the texts below an attribute."""
    offenders = [
        f"{path}:{line}: {text.splitlines()[0]}"
        for path, tree in modules()
        for line, text in texts_below_a_name(tree)
        if first_word(text) in QUESTIONS
    ]
    assert not offenders, listed(offenders)


def test_no_docstring_or_comment_cites_a_document_that_is_not_here() -> None:
    offenders = []
    for path, tree in modules():
        for line, text in (*texts_below_a_name(tree), *comments(ROOT / path)):
            if ABSENT.search(text):
                offenders.append(f"{path}:{line}: {' '.join(text.split())[:90]}")
    assert not offenders, listed(offenders)


def test_every_module_and_package_says_what_it_is_for() -> None:
    offenders = [path for path, tree in modules() if not ast.get_docstring(tree)]
    assert not offenders, listed(offenders)


def test_the_first_word_is_found_behind_marks() -> None:
    assert first_word("Whether it is open.") == "whether"
    assert first_word("``gatedeck run``: start.") == "gatedeck"
    assert first_word("What's new") == "what's"
    assert ABSENT.search("Source: SPEC §6.") and ABSENT.search("see MARKET-FACTS") and ABSENT.search("DESIGN")
    assert not ABSENT.search("a design of its own") and not ABSENT.search("SPECIFICATION")
