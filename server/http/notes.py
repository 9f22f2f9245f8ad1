"""The body of a note on a trade or a day, and the command it becomes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from core.notes import MAX_TEXT, with_tags
from core.performance.trade import exchange_date
from server.deck.protocol import Deck
from server.http.commands import CommandRequest, only
from server.ledger.paging import PageQuery
from server.runtime.ports import Command

_TAG = r"^#?[A-Za-z][A-Za-z0-9_-]{0,31}$"


class NoteRequest(CommandRequest):
    """A note on a ``trade`` (the id of its decision or position) or on a ``day``; a # word in it is a tag."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [only("trade", "day"), only("day", "trade")]})

    trade: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")] | None = None
    day: Annotated[date, Field(strict=False)] | Literal["today"] | None = None
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    tags: Annotated[tuple[Annotated[str, Field(pattern=_TAG)], ...], Field(max_length=20, strict=False)] = ()

    @model_validator(mode="after")
    def _one_of_two(self) -> NoteRequest:
        if (self.trade is None) == (self.day is None):
            raise ValueError("trade or day: give one of them")
        return self


async def note_command(deck: Deck, body: NoteRequest) -> Command:
    """Return the command that adds a note. Raises ValueError naming the field that is not accepted."""
    text = with_tags(body.text, body.tags)
    position_id = None
    if body.trade is not None:
        found = await deck.page(PageQuery(what="trades", limit=1, filters={"id": body.trade}))
        position_id = found.items[0]["position_id"] if found.items else body.trade
    day = exchange_date(deck.snapshot().at) if body.day == "today" else body.day
    return body.command("note", position_id=position_id, argument=text if day is None else f"{day} {text}")
