"""The body of an import: a statement as text, and the book for its trades."""

from __future__ import annotations

import asyncio
from typing import Annotated, ClassVar

from pydantic import Field

from core.statements.layouts import read_statement
from core.statements.row import BOOK_NAME
from server.deck.books import import_command
from server.http.commands import CommandRequest
from server.runtime.ports import Command

MOST_TEXT = 8_000_000
"""Most characters of a statement."""
_WITHOUT_CONTROLS = r"^[^\x00-\x1f]{1,200}$"


class ImportRequest(CommandRequest):
    """A statement of trades: csv of Tradier, Alpaca or tastytrade, or csv or jsonl of gatedeck export.

    ``book`` is by default the one of the layout, such as tastytrade; ``file`` says where the text is from.
    """

    most_bytes: ClassVar[int] = 2 * MOST_TEXT

    text: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]
    book: Annotated[str, Field(pattern=f"^{BOOK_NAME}$")] | None = None
    file: Annotated[str, Field(pattern=_WITHOUT_CONTROLS)] = "statement"


async def import_of(body: ImportRequest) -> Command:
    """Return the command of an import. Raises BookError when the text is of no known layout."""
    # In a thread: a long statement takes longer to read than webhooks can wait.
    statement = await asyncio.to_thread(read_statement, body.text)
    return import_command(body.book, body.file, statement, body.author or "api", body.command_id)
