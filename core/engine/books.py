"""Books: the commands that add the rows of a statement to one, and that remove one.

A book is kept by the ledger alone: no decision, limit, metric or checkpoint knows of it.
"""

from __future__ import annotations

from core.effects import Effect, RemoveBook, StoreBook
from core.engine.kernel import Kernel
from core.engine.state import CommandDone
from core.events import Commanded
from core.from_json import FactsError, read_json
from core.statements.row import MOST_ROWS, BookError, BookRows, book_name


def import_book(_kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Add the rows in ``argument`` (BookRows as JSON) to a book, which begins with them if there is none."""
    try:
        rows = read_json(BookRows, event.argument or "")
        book_name(rows.book)
        if not rows.rows or len(rows.rows) > MOST_ROWS:
            raise BookError(f"rows: {len(rows.rows)} are not within 1 to {MOST_ROWS:,}")
        if len({row.id for row in rows.rows}) != len(rows.rows):
            raise BookError("rows: each needs an id of its own")
    except (FactsError, BookError) as error:
        return CommandDone(False, "BAD_BOOK", str(error)), []
    text = f"Book {rows.book}: {len(rows.rows):,} rows of {rows.file}"
    return CommandDone(True, "IMPORTED", text), [StoreBook(seq=event.seq, at=event.at, rows=rows)]


def remove_book(_kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Remove the book named in ``argument``; whether there is one is for the caller to check."""
    try:
        book = book_name(event.argument or "")
    except BookError as error:
        return CommandDone(False, "NO_BOOK", str(error)), []
    return CommandDone(True, "REMOVED", f"Book {book} removed"), [RemoveBook(seq=event.seq, book=book)]
