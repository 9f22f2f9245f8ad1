"""Commands over HTTP: their bodies, and the HTTP status of what the engine answers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from core.engine.challenger import MOST_TEXT
from core.model import Mode
from core.notes import MAX_TEXT
from server.http.bodies import expand, read_body
from server.http.negotiation import require_json
from server.http.problems import PROBLEMS, Refused, problem
from server.http.protocol import engage
from server.http.views import json_response
from server.ledger.codec import encode_any
from server.runtime.ports import Command, CommandResult

B = TypeVar("B", bound=BaseModel)

MOST = 1_000_000
"""Most contracts that a command may name; far above any limit of the rules."""
MOST_PRICE = 1e7
_NAME = r"^[A-Za-z0-9_À-ɏͰ-ϿЀ-ӿ぀-ヿ一-鿿가-힣 .@-]{1,64}$"
"""Letters of the usual alphabets, digits, space and . @ - _, written so that every dialect reads the same."""


def _whole(value: Any) -> Any:
    """Return 2.0 as 2: JSON does not tell them apart."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


CommandId = Annotated[
    str,
    Field(pattern=r"^[\x21-\x7e]{1,100}$", description="Sent again, the command is not carried out again."),
]
Author = Annotated[str, Field(pattern=_NAME, description="Stored with what the command changes.")]
Count = Annotated[int, Field(ge=1, le=MOST), BeforeValidator(_whole)]
Level = Annotated[
    str,
    Field(
        pattern=r"^(cost|[0-9]{1,7}(\.[0-9]{1,4})?(%|atr)?)$", description="A price, 1.5%, 0.5atr, or cost."
    ),
]
Note = Annotated[
    str, Field(min_length=1, max_length=MAX_TEXT, description="Added to the trade; a word with # is a tag.")
]
Shares = Annotated[int, Field(ge=1, le=10_000), BeforeValidator(_whole)]


def only(one: str, other: str) -> dict[str, Any]:
    """Return the schema of a body that states one of two texts."""
    return {"required": [one], "properties": {one: {"type": "string"}, other: {"type": "null"}}}


class CommandRequest(BaseModel):
    """A command without particulars."""

    model_config = ConfigDict(extra="forbid", strict=True)

    most_bytes: ClassVar[int] = 0
    """Bytes of a body that may be longer than the settings allow for all; JSON may write a character in up to 12."""

    author: Author | None = None
    command_id: CommandId | None = None

    def command(
        self,
        name: str,
        *,
        position_id: str | None = None,
        argument: str | None = None,
        contracts: int | None = None,
        expected: int | None = None,
        note: str | None = None,
    ) -> Command:
        """Return the engine's command; without an id it gets one of its own."""
        return Command(
            id=self.command_id or str(uuid.uuid4()),
            name=name,
            position_id=position_id,
            contracts=contracts,
            expected=expected,
            argument=argument,
            author=self.author or "api",
            note=note,
        )


class JudgeRequest(CommandRequest):
    """``author`` is stored with the rules version or the approval."""


class ExitRequest(CommandRequest):
    """``contracts`` to close (all when absent); ``expected`` is the quantity the sender believes is open.

    ``price`` per share is for a position that a split has suspended, in terms of the contract as it was bought.
    """

    contracts: Count | None = None
    expected: Count | None = None
    price: Annotated[float, Field(ge=0, le=MOST_PRICE)] | None = None
    note: Note | None = None


class SettleRequest(CommandRequest):
    """``price`` is the close of the underlying on the expiry day, in dollars; ``expected`` as for an exit.

    A price far from the last known one is refused unless ``sure``.
    """

    price: Annotated[float, Field(gt=0, le=MOST_PRICE)]
    sure: bool = False
    expected: Count | None = None


class LevelsRequest(CommandRequest):
    """Stop and targets of the underlying: a price, a distance as 1.5% or 0.5atr, or cost; at least one is given.

    ``expected`` as for an exit.
    """

    stop: Level | None = None
    target_1: Level | None = None
    target_2: Level | None = None
    expected: Count | None = None
    note: Note | None = None


class TakeRequest(CommandRequest):
    """``note`` is added to the trade once it is made."""

    note: Note | None = None


class AdjustRequest(CommandRequest):
    """``new`` shares stand for ``old`` ones after a split."""

    new: Shares
    old: Shares
    expected: Count | None = None


class ModeRequest(CommandRequest):
    """Change to ``mode``; ``flatten`` exits everything first. A repeated ``command_id`` has no effect."""

    mode: Annotated[Mode, Field(strict=False)]
    flatten: bool = False


class UndoModeRequest(CommandRequest):
    """``mode`` is the one that the sender believes is in force; any when absent."""

    mode: Annotated[Mode, Field(strict=False)] | None = None


class ChallengeRequest(CommandRequest):
    """Rules to run beside those in force: a whole rules file in TOML, or the id of a suggestion that is offered."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [only("rules", "suggestion"), only("suggestion", "rules")]}
    )

    most_bytes: ClassVar[int] = 16 * MOST_TEXT

    rules: Annotated[str, Field(max_length=MOST_TEXT)] | None = None
    suggestion: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> ChallengeRequest:
        if (self.rules is None) == (self.suggestion is None):
            raise ValueError("rules or suggestion: give one of them")
        return self


COMMAND_STATUS: Mapping[str, int] = {"EXITING": 202, "APPROVING": 202, "TAKING": 202}
"""HTTP status of commands that are done later; any other that is done is 200, and refused 409 or as in PROBLEMS."""


def command_answer(command: Command, result: CommandResult) -> web.Response:
    """Return the answer to a command that the engine has handled."""
    if result.ok:
        content = {"ok": True, "code": result.code, "text": result.text, "command_id": command.id}
        return json_response(encode_any(content), COMMAND_STATUS.get(result.code, 200))
    status = PROBLEMS.get(result.code, PROBLEMS["COMMAND_REFUSED"])[0]
    return problem(result.code, result.text, status=status, command_id=command.id)


async def read_command(request: web.BaseRequest, kind: type[B], limit: int) -> B:
    """Return the request's body as ``kind``; no body counts as an empty object. Raises Refused."""
    limit = max(limit, getattr(kind, "most_bytes", 0))
    sent = await read_body(request, limit)
    engage(request)
    raw = expand(request, sent, limit)
    if raw.strip():
        require_json(request)
    try:
        value = orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError as error:
        raise Refused("NOT_JSON", f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refused("INVALID_BODY", "a JSON object is expected")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        wrong = [
            {"field": ".".join(str(part) for part in e["loc"]), "message": e["msg"]} for e in error.errors()
        ]
        detail = "; ".join(f"{w['field']}: {w['message']}" for w in wrong)
        raise Refused("INVALID_BODY", detail, extra={"errors": wrong}) from None
