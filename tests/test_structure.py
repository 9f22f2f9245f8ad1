"""The structure of the source: no circle of files, and SQL in one package."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("core", "server", "tui")
SQL = re.compile(
    r"\bSELECT\b[^;]*\bFROM\b|\bINSERT\b[\w ]*\bINTO\b|\bUPDATE\b\s+\S+\s+\bSET\b|\bDELETE\s+FROM\b"
    r"|\bPRAGMA\s+\w+|\bCREATE\b[\w ]*\b(TABLE|INDEX|VIEW)\b"
)


def files(*packages: str) -> dict[str, Path]:
    """The files of some packages by module name."""
    found = {}
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(tree: ast.AST, known: dict[str, Path], package: str) -> Iterator[str]:
    """Every module of ours that a file imports: at its top, for type checking only, and inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                # ``from package import name`` needs the file that defines the name: a submodule, or the package.
                submodule = f"{module}.{alias.name}"
                if submodule in known:
                    yield submodule
                elif module in known:
                    yield module


def graph(*packages: str) -> dict[str, set[str]]:
    known = files(*packages)
    found = {}
    for name, path in known.items():
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        found[name] = set(imports(ast.parse(path.read_text("utf-8")), known, package)) - {name}
    return found


def circle(of: dict[str, set[str]]) -> list[str]:
    """One circle of files, each of which imports the one before it; empty when there is none."""
    try:
        TopologicalSorter(of).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circle_of_files(package: str) -> None:
    assert circle(graph(package)) == []


def test_every_kind_of_import_counts() -> None:
    known = {name: Path() for name in ("a", "a.b", "a.c", "a.d", "a.e", "a.f", "a.g")}
    text = """
import a.b
from a import c, unknown
from a.d import name
from . import e
if TYPE_CHECKING:
    from a.f import T
def late():
    from a.g import name
"""
    assert set(imports(ast.parse(text), known, "a")) == set(known)
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) and not circle({"a": {"b"}, "b": set()})


def statements(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The SQL statements among the string literals of a file, each with its line; f-strings as one text."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = None
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            text = node.value
        if text is not None and SQL.search(text):
            yield node.lineno, text


def test_sql_stands_only_in_the_ledger() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:60]!r}"
        for name, path in files(*PACKAGES).items()
        if not name.startswith("server.ledger.")
        for line, text in statements(ast.parse(path.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "'SELECT a FROM b'",
        "f'SELECT {c} FROM {t}'",
        "'INSERT OR REPLACE INTO t VALUES (1)'",
        "f'UPDATE {t} SET a = 1'",
        "f'DELETE FROM {t}'",
        "'PRAGMA query_only = ON'",
        "'CREATE TABLE t (a)'",
    ],
)
def test_sql_is_recognised(text: str) -> None:
    assert len(list(statements(ast.parse(text)))) == 1


def test_sql_is_found_where_it_is() -> None:
    ledger = [path for name, path in files("server").items() if name.startswith("server.ledger.")]
    assert sum(1 for path in ledger for _ in statements(ast.parse(path.read_text("utf-8")))) > 20
