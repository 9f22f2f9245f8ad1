"""No rule does nothing: each field of each section is read by code outside core/rules."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from core.rules import describe_rules

ROOT = Path(__file__).resolve().parents[3]


def attributes_read(tree: ast.AST) -> set[str]:
    """The names after a dot that are read, not assigned; comments and texts do not count."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }


@cache
def read_by_the_program() -> frozenset[str]:
    found: set[str] = set()
    for room in ("core", "server"):
        for file in sorted((ROOT / room).rglob("*.py")):
            if not file.is_relative_to(ROOT / "core" / "rules"):
                found |= attributes_read(ast.parse(file.read_text(encoding="utf-8")))
    return frozenset(found)


@pytest.mark.parametrize("path", [rule.path for rule in describe_rules()])
def test_every_rule_is_read(path: str) -> None:
    assert path.rpartition(".")[2] in read_by_the_program()


def test_only_reading_counts() -> None:
    text = "a.read()\nb.assigned = 1\n# c.commented\nd = 'e.quoted'\n"
    assert attributes_read(ast.parse(text)) == {"read"}
