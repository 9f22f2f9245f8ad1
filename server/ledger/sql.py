"""The part of a database connection that the ledger's statements need, whichever database answers them.

Statements are written once, with ``?`` for each value, in the SQL that SQLite and PostgreSQL both know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol


class Rows(Protocol):
    """The rows of one statement; each gives its values by number and by the column's name."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Blocks(Rows, Protocol):
    """Many rows, to be fetched in blocks."""

    @property
    def description(self) -> Any:
        """For each column a sequence that begins with its name."""
        ...

    def fetchmany(self, size: int = ..., /) -> list[Any]: ...


class Connection(Protocol):
    """A connection of one thread; its errors are those of its database."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows: ...
