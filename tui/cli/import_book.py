"""`gatedeck import`: a broker's statement, or exported trades, as a book of its own; list books, or remove one."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import orjson

from core.statements.layouts import Statement
from core.statements.row import BookError, book_name
from core.statements.told import plural
from server.config import ConfigError, Settings, load_settings
from tui.cli.client import EngineClient, engine_client
from tui.cli.console import print_json

Item = dict[str, Any]
_UNREAD_SHOWN = 20


def import_book(
    file: Path | None,
    *,
    book: str | None,
    remove: str | None,
    url: str | None,
    db: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Import a file, list the books without one, or remove a book; return 0 when it was done and all rows were read.

    An engine that runs does it; without one, or with ``db``, the ledger is written directly. Raises ConfigError.
    """
    try:
        if book is not None:
            book_name(book)
        if remove is not None:
            if file is not None or book is not None:
                raise ConfigError("import: --remove takes the name of a book, and neither a file nor --as")
            return _remove(_place(url, db, config), book_name(remove), as_json)
        if file is None:
            if book is not None:
                raise ConfigError("import: --as needs a file to import")
            return _list(_place(url, db, config), as_json)
        from server.book_import import read_file

        text, statement = read_file(file)
    except BookError as error:
        raise ConfigError(str(error)) from None
    name = book or statement.layout.book
    if not statement.rows:
        raise ConfigError(f"file: {file} has no row that can be read: {_unread(statement)}")
    place = _place(url, db, config)
    refused = place.add(name, file.name, text, statement)
    if refused is not None:
        print(refused, file=sys.stderr)
        return 1
    found = place.books(name)[0]
    if as_json:
        unread = [{"line": each.line, "why": each.why} for each in statement.unread]
        print_json(orjson.dumps(found | {"not_read": unread}))
    else:
        for line in _lines(found, statement):
            print(line)
        if statement.unread:
            print(_unread(statement), file=sys.stderr)
    return 1 if statement.unread else 0


def _lines(book: Item, statement: Statement) -> list[str]:
    new = book["added"]
    here = len(statement.rows)
    added = "nothing new: the book has every row" if not new else f"{new:,} of {here:,} rows are new"
    lines = [f"{book['layout']}: {added}", f"book {book['book']}: {book['told']}"]
    lines += [
        f"  {what or 'other'}: {of['rows']:,} × {of['amount']:,.2f}" for what, of in book["money"].items()
    ]
    if book["orphans"]:
        lines.append("  closed without an opening: import the statement before this one as well")
        lines += [f"    {text}" for text in book["without_opening"]]
    lines.append(f"look at it: gatedeck report --book {book['book']}, or on the deck's Trades page (6) by b")
    return lines


def _unread(statement: Statement) -> str:
    first = statement.unread[:_UNREAD_SHOWN]
    count = len(statement.unread)
    lines = [f"{plural(count, 'row')} could not be read and {'is' if count == 1 else 'are'} left out:"]
    lines += [f"  line {each.line}: {each.why}" for each in first]
    if len(first) < count:
        lines.append(f"  and {count - len(first):,} more; --json lists all")
    return "\n".join(lines)


def _list(place: Place, as_json: bool) -> int:
    books = place.books()
    if as_json:
        print_json(orjson.dumps(books))
    elif not books:
        print("no book yet: gatedeck import FILE")
    for book in [] if as_json else books:
        print(f"{book['book']}  {book['layout']}, imported {book['imported_at'][:16]}Z from {book['file']}")
        print(f"  {book['told']}")
    return 0


def _remove(place: Place, book: str, as_json: bool) -> int:
    refused = place.remove(book)
    if refused is not None:
        print(refused, file=sys.stderr)
        return 1
    print_json(orjson.dumps({"removed": book})) if as_json else print(f"book {book} removed")
    return 0


class Place(Protocol):
    """The ledger that an import goes to; what refuses a command is returned as text."""

    def books(self, name: str | None = None) -> list[Item]: ...

    def add(self, book: str, file: str, text: str, statement: Statement) -> str | None: ...

    def remove(self, book: str) -> str | None: ...


class _Running:
    """The ledger of an engine that runs."""

    def __init__(self, engine: EngineClient) -> None:
        self._engine = engine

    def books(self, name: str | None = None) -> list[Item]:
        return self._engine.items("/api/books?limit=500" + ("" if name is None else f"&book={name}"))

    def add(self, book: str, file: str, text: str, statement: Statement) -> str | None:
        return self._post("/api/books", book=book, file=file, text=text)

    def remove(self, book: str) -> str | None:
        return self._post(f"/api/books/{book}/remove")

    def _post(self, path: str, **fields: Any) -> str | None:
        status, answer = self._engine.post(path, **fields)
        return None if status < 300 else str(answer.get("detail") or answer.get("text") or answer)


class _AtRest:
    """The ledger of the settings, which no engine writes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def books(self, name: str | None = None) -> list[Item]:
        from server.ledger.address import ledger_address
        from server.ledger.opened_by_address import open_to_read
        from server.ledger.paging import PageQuery

        address = ledger_address(self._settings.db, self._settings.engine_id)
        if isinstance(address, Path) and not address.exists():
            return []

        async def read() -> list[Item]:
            reader = await open_to_read(address)
            try:
                filters = {} if name is None else {"book": name}
                page = await reader.page(PageQuery(what="books", limit=500, filters=filters))
                return [dict(each) for each in page.items]
            finally:
                await reader.close()

        return asyncio.run(read())

    def add(self, book: str, file: str, text: str, statement: Statement) -> str | None:
        from server.deck.books import import_command

        return self._command(import_command(book, file, statement, _author()))

    def remove(self, book: str) -> str | None:
        from server.deck.books import remove_command

        if not self.books(book):  # a ledger that is not there is not made for this
            return f"There is no book {book!r}"
        return self._command(remove_command(book, _author()))

    def _command(self, command: Any) -> str | None:
        from server.book_import import engine_at_rest

        async def send() -> str | None:
            async with engine_at_rest(self._settings) as deck:
                result = await deck.command(command)
            return None if result.ok else result.text

        return asyncio.run(send())


def _author() -> str:
    import getpass

    return getpass.getuser()


def _place(url: str | None, db: str | None, config: Path | None) -> Place:
    """Return the engine that answers, or the ledger itself where none does or ``db`` names one."""
    settings = load_settings({"db": db}, config)
    if db is not None and url is None:
        return _AtRest(settings)
    try:
        engine = engine_client(url=url, author=None, config=config)
        engine.object("/api/mode")
    except (aiohttp.ClientError, TimeoutError) as error:
        if url is not None:
            raise ConfigError(f"url: nothing answers at {url} ({error!r})") from None
        return _AtRest(settings)
    except ConfigError:
        if url is not None:
            raise
        return _AtRest(settings)
    return _Running(engine)
