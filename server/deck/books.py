"""Books as commands: the rows of a file for a book, and the refusals that depend on the books there are."""

from __future__ import annotations

import uuid
from typing import Protocol

import orjson

from core.statements.layouts import Statement
from core.statements.row import BookRows, book_name
from server.ledger.codec import encode_any
from server.ledger.paging import Page, PageQuery
from server.runtime.ports import Command, CommandResult

IMPORT, REMOVE = "import_book", "remove_book"


class Pages(Protocol):
    async def page(self, query: PageQuery) -> Page: ...


def import_command(
    book: str | None, file: str, statement: Statement, author: str, command_id: str | None = None
) -> Command:
    """Return the command that adds the rows of a statement to a book, by default the one of its layout.

    Raises BookError for a name that is none.
    """
    rows = BookRows(
        book=book_name(book or statement.layout.book),
        layout=statement.layout.name,
        file=file,
        rows=statement.rows,
        unread=len(statement.unread),
    )
    argument = encode_any(rows).decode()
    return Command(id=command_id or str(uuid.uuid4()), name=IMPORT, argument=argument, author=author)


def remove_command(book: str, author: str) -> Command:
    """Return the command that removes a book."""
    return Command(id=str(uuid.uuid4()), name=REMOVE, argument=book, author=author)


async def book_fault(pages: Pages, command: Command) -> CommandResult | None:
    """Return the refusal of a command on a book that has rows of another layout, or that is not there."""
    if command.name == REMOVE and command.argument:
        known = await _book(pages, command.argument)
        if known is None:
            return CommandResult(ok=False, code="NO_BOOK", text=f"There is no book {command.argument!r}")
    elif command.name == IMPORT and command.argument:
        try:
            given = orjson.loads(command.argument)
            known, layout = await _book(pages, str(given["book"])), given["layout"]
        except (ValueError, KeyError, TypeError):
            return None  # the engine says what is wrong with it
        if known is not None and known != layout:
            text = f"book: {given['book']} has rows of {known}; give those of {layout} a book of its own"
            return CommandResult(ok=False, code="BAD_BOOK", text=text)
    return None


async def _book(pages: Pages, book: str) -> str | None:
    """Return the layout of a book, ``None`` if there is none of that name."""
    found = await pages.page(PageQuery(what="books", limit=1, filters={"book": book}))
    return str(found.items[0]["layout"]) if found.items else None
