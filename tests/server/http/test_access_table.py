"""Every address of webhooks against every kind of credential: none, a wrong one, another source's, its own."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

from core.intake import sample
from core.model import Direction, Source
from server.config import ENDPOINTS, ConfigError, load_settings
from server.deck.hub import DeckHub
from server.http import credentials
from server.http.api_routes import ROUTES
from server.http.deck_socket import DeckSocket, deck_routes
from server.http.routes import COMMAND, OPEN, Route
from server.http.stream import EventStream
from server.http.stream_routes import stream_routes
from server.http.webhooks import WEBHOOK_PATHS
from server.ledger.streamed import StreamPage
from server.runtime.credentials import CredentialLog

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SECRETS = {name: f"own-{name}" for name in ENDPOINTS}
COMMON = "common-of-all"
BODIES = {
    name: json.dumps(sample(Source(source), AT, "SPY", 450.0, Direction.LONG))
    for name, source in ENDPOINTS.items()
}
BAR = json.dumps({"ticker": "SPY", "open": 450, "high": 451, "low": 449, "close": 450, "interval": "1"})
BODIES["price"] = BAR
DETECTED = "signals"


def hex_signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard(secret: str, body: bytes, *, at: float | None = None, id: str = "msg_1") -> dict[str, str]:
    """Headers of Standard Webhooks."""
    stamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    made = hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(made).decode()}"
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}


def ways(path: str, secret: str, body: str) -> dict[str, tuple[str, dict[str, str], str]]:
    """Every way to give a secret: address, headers, body."""
    raw = body.encode()
    return {
        "?key=": (f"{path}?key={quote(secret)}", {}, body),
        "bearer": (path, {"Authorization": f"Bearer {secret}"}, body),
        "X-Signature": (path, {"X-Signature": hex_signature(secret, raw)}, body),
        "X-Hub-Signature-256": (path, {"X-Hub-Signature-256": f"sha256={hex_signature(secret, raw)}"}, body),
        "Standard Webhooks": (path, standard(secret, raw), body),
        "secret path": (f"/w/{quote(secret)}{path}", {}, body),
        "in the body": (path, {}, json.dumps(json.loads(body) | {"passphrase": secret})),
    }


@pytest.mark.parametrize("way", ways("", "", "{}"))
@pytest.mark.parametrize("path", WEBHOOK_PATHS)
async def test_every_path_and_way_opens_by_its_own_secret_only(
    serve: Any, intake: Any, path: str, way: str
) -> None:
    client = await serve(webhook_secret=COMMON, webhook_secrets=SECRETS)
    endpoint = WEBHOOK_PATHS[path]
    source = endpoint or DETECTED
    own = SECRETS.get(source, COMMON)
    others = [secret for secret in [*SECRETS.values(), COMMON] if secret != own]
    for given in ["", "wrong", own[:-1], f"{own}x", *others]:
        address, headers, body = ways(path, given, BODIES[source])[way]
        response = await client.post(address, data=body, headers=headers)
        assert response.status == 401, (given, await response.text())
        told = await response.text()
        assert "webhook_secret" in told and not any(s in told for s in [*SECRETS.values(), COMMON])
    assert intake.bodies == []
    address, headers, body = ways(path, own, BODIES[source])[way]
    response = await client.post(address, data=body, headers=headers)
    assert response.status == 200, await response.text()


@pytest.mark.parametrize("sent", [*ENDPOINTS, "price"])
@pytest.mark.parametrize("holds", ENDPOINTS)
async def test_secret_opens_the_source_that_was_read_whatever_the_address(
    serve: Any, intake: Any, holds: str, sent: str
) -> None:
    client = await serve(webhook_secret=COMMON, webhook_secrets=SECRETS)
    for path, hint in ((f"/api/webhooks/{holds}", holds), ("/api/webhooks", None)):
        read = intake.read(BODIES[sent], None if hint is None else f"/api/webhooks/{hint}")
        mine = read.source == ENDPOINTS[holds] and sent != "price"
        single = await client.post(f"{path}?key={SECRETS[holds]}", data=BODIES[sent])
        array = f"[{BODIES[holds]},{BODIES[sent]}]"
        several = await client.post(f"{path}?key={SECRETS[holds]}", data=array)
        assert single.status == (200 if mine else 401)
        if not mine:
            assert several.status == 401
            assert "does not open" in (await single.json(content_type=None))["detail"]
    assert all(body in (BODIES[holds], BODIES[sent]) for body, _ in intake.bodies)


async def test_wrong_secret_is_told_the_same_however_near(serve: Any) -> None:
    client = await serve(webhook_secrets=SECRETS)
    told = set()
    for given in ("", "x", SECRETS["trend"][:-1], SECRETS["strat"], SECRETS["trend"].upper()):
        response = await client.post(f"/api/webhooks/trend?key={given}", data=BODIES["trend"])
        told.add(await response.text())
    assert len(told) == 1 and "webhook_secrets.trend" in told.pop()


@pytest.mark.parametrize("way", ways("", "", "{}"))
async def test_every_secret_is_compared_whichever_matches(
    server_of: Any, serve: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An early exit would let a sender find a secret piece by piece, by the time of the answers."""
    several = {"first": "one-of-them", "second": "another-one", "third": "the-last"}
    client = await serve(webhook_secret=several)
    compared: list[int] = []
    compare = hmac.compare_digest
    monkeypatch.setattr(credentials.hmac, "compare_digest", lambda a, b: compared.append(1) or compare(a, b))
    counts = set()
    for given in (*several.values(), "wrong", "one-of-them"[:-1]):
        compared.clear()
        address, headers, body = ways("/api/webhooks/signals", given, BODIES["signals"])[way]
        await client.post(address, data=body, headers=headers)
        counts.add(len(compared))
    assert len(counts) == 1 and counts.pop() == len(several)


# --- Standard Webhooks -----------------------------------------------------------------------------------

WHSEC = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, no more").decode()
RAW = BODIES["signals"].encode()
PATH = "/api/webhooks/signals"


def signature(now: float) -> str:
    return standard(WHSEC, RAW, at=now)["webhook-signature"]


Change = Mapping[str, str | None]

# headers that are changed from a good request, by the time of the request where they say it | status | what is said
STANDARD: list[tuple[str, Change | Callable[[float], Change], int, str]] = [
    ("as it should be", {}, 200, ""),
    ("4 min old", lambda now: standard(WHSEC, RAW, at=now - 240), 200, ""),
    ("6 min old", lambda now: standard(WHSEC, RAW, at=now - 360), 401, "more than 5 min"),
    ("6 min ahead", lambda now: standard(WHSEC, RAW, at=now + 360), 401, "more than 5 min"),
    ("another id", {"webhook-id": "msg_2"}, 401, "does not match"),
    ("without id", {"webhook-id": None}, 401, "webhook-id is missing"),
    ("without time", {"webhook-timestamp": None}, 401, "not a time"),
    ("time in words", {"webhook-timestamp": "now"}, 401, "not a time"),
    ("time of 400 digits", {"webhook-timestamp": "1" * 400}, 401, "not a time"),
    ("another time", lambda now: {"webhook-timestamp": str(int(now) - 1)}, 401, "does not match"),
    ("by another key", lambda now: standard("whsec_b3RoZXI=", RAW, at=now), 401, "does not match"),
    ("another version", lambda now: {"webhook-signature": "v2," + signature(now)[3:]}, 401, "match"),
    ("of another kind", {"webhook-signature": "v1a,c2lnbmVk"}, 401, "does not match"),
    ("empty", {"webhook-signature": ""}, 401, "does not match"),
    ("not base64", {"webhook-signature": "v1,ü"}, 401, "does not match"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "says"), [row[1:] for row in STANDARD], ids=[row[0] for row in STANDARD]
)
async def test_standard_webhooks(
    serve: Any, change: Change | Callable[[float], Change], status: int, says: str
) -> None:
    client = await serve(webhook_secret=WHSEC)
    now = time.time()
    changed = change(now) if callable(change) else change
    headers = {k: v for k, v in ({**standard(WHSEC, RAW, at=now), **changed}).items() if v is not None}
    response = await client.post(PATH, data=RAW, headers=headers)
    assert response.status == status
    assert says in await response.text()


async def test_one_of_several_signatures_is_enough_while_a_secret_is_changed(serve: Any) -> None:
    uses = CredentialLog()
    client = await serve(webhook_secret={"old": "whsec_b2xk", "new": WHSEC}, uses=uses)
    headers = standard(WHSEC, RAW)
    headers["webhook-signature"] = f"v1,bm90aGluZw== v1a,xx {headers['webhook-signature']}"
    assert (await client.post(PATH, data=RAW, headers=headers)).status == 200
    assert {row.name: row.count for row in uses.rows() if row.scope == "webhooks"} == {
        "webhook_secret old": 0,
        "webhook_secret new": 1,
    }


# --- bodies of strangers ---------------------------------------------------------------------------------


async def test_body_of_a_stranger_is_not_decompressed(
    serve: Any, monkeypatch: pytest.MonkeyPatch, command_headers: Any
) -> None:
    client = await serve(webhook_secret=COMMON)
    bomb = gzip.compress(b'{"passphrase": "' + COMMON.encode() + b'"' + b" " * (50 << 20) + b"}")
    coding = {"Content-Encoding": "gzip"}

    def used(*args: Any) -> Any:
        raise AssertionError("a stranger's body was decompressed")

    with monkeypatch.context() as patched:
        patched.setattr("server.http.bodies.zlib.decompressobj", used)
        for headers in ({}, {"X-Signature": "00"}, standard("wrong", bomb), {"Authorization": "Bearer x"}):
            response = await client.post(PATH, data=bomb, headers={**coding, **headers})
            assert response.status == 401
    small = gzip.compress(RAW)
    by_wire = {**coding, "X-Signature": hex_signature(COMMON, small)}
    assert (await client.post(PATH, data=small, headers=by_wire)).status == 200
    assert (await client.post(f"{PATH}?key={COMMON}", data=small, headers=coding)).status == 200
    assert (await client.post(f"{PATH}?key={COMMON}", data=bomb, headers=coding)).status == 413
    dense = gzip.compress(b" " * (60 << 10))
    refused = await client.post(f"{PATH}?key={COMMON}", data=dense, headers=coding)
    assert refused.status == 415 and "100 times" in await refused.text()
    for broken in (small[:-9], small + b"more", b"not gzip"):
        assert (await client.post(f"{PATH}?key={COMMON}", data=broken, headers=coding)).status == 400


# --- secrets in the settings ------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [" ", "\t", "\n"])
def test_blank_secret_is_refused(server_of: Any, blank: str) -> None:
    for flags in (
        {"webhook_secret": blank},
        {"webhook_secrets": {"strat": blank}},
        {"webhook_secret": ["good", blank]},
        {"api_token": blank},
        {"command_token": blank},
    ):
        with pytest.raises(ConfigError, match="is blank"):
            server_of(**flags)


@pytest.mark.parametrize("secret", ["whsec_no base64", " padded", "padded\n"])
def test_secret_that_no_sender_could_give_is_refused(secret: str) -> None:
    with pytest.raises(ConfigError, match="webhook_secret"):
        load_settings({"webhook_secret": secret})


@pytest.mark.parametrize("secret", ["with/slash", "/", "a/api/webhooks/strat", "a+b", "ünïcode", "50%"])
@pytest.mark.parametrize("way", ["secret path", "?key="])
async def test_secret_may_hold_any_character_in_the_address(serve: Any, secret: str, way: str) -> None:
    client = await serve(webhook_secret=secret)
    address = f"{PATH}?key={quote(secret, safe='')}" if way == "?key=" else f"/w/{quote(secret)}{PATH}"
    assert (await client.post(address, data=BODIES["signals"])).status == 200
    assert (await client.post(f"/w/{quote(secret)}x{PATH}", data=BODIES["signals"])).status == 401


async def test_tokens_open_their_scope_only_and_are_counted_by_name(serve: Any, deck: Any) -> None:
    uses = CredentialLog(lambda: AT)
    client = await serve(
        api_token={"grafana": "reads"},
        command_token={"phone": "acts", "desk": "acts-2"},
        webhook_secret=COMMON,
        uses=uses,
    )

    async def status(method: str, path: str, token: str) -> int:
        response = await client.request(
            method, path, headers={"Authorization": f"Bearer {token}"}, json={"mode": "HALTED"}
        )
        return int(response.status)

    for token, read, command in (
        ("reads", 200, 401),
        ("acts", 200, 200),
        ("acts-2", 200, 200),
        (COMMON, 401, 401),
    ):
        assert await status("GET", "/api/decisions", token) == read, token
        assert await status("POST", "/api/mode", token) == command, token
    assert await status("POST", PATH, "acts") == 401
    rows = {row.name: (row.scope, row.count, row.last_at) for row in uses.rows()}
    assert rows == {
        "webhook_secret": ("webhooks", 0, None),
        "api_token grafana": ("read", 1, AT),
        "command_token phone": ("commands", 2, AT),
        "command_token desk": ("commands", 2, AT),
    }


NO_ROUTE_OPENS = {
    "": None,
    "wrong": "wrong",
    "webhooks": COMMON,
    "a source": SECRETS["trend"],
    "nearly": "act",
}


class EmptyLedger:
    """A ledger of which the stream has nothing to tell."""

    last_seq = 0
    listeners: ClassVar[set[Any]] = set()

    async def streamed_after(self) -> int:
        return 0

    async def stream_after(self, place: Any, *_: Any) -> StreamPage:
        return StreamPage(events=(), upto=place, more=False)

    @property
    def ledger(self) -> Any:
        return self


def routes_of_the_stream(deck: Any) -> tuple[Route, ...]:
    return stream_routes(EventStream(EmptyLedger(), deck))


def routes_of_decks(deck: Any) -> tuple[Route, ...]:
    return deck_routes(DeckSocket(DeckHub(deck), "engine", lambda: ""))


@pytest.mark.parametrize(
    "route",
    (*ROUTES, *routes_of_the_stream(None), *routes_of_decks(None)),
    ids=lambda route: f"{route.method} {route.path}",
)
async def test_every_route_of_the_api_opens_by_a_token_of_its_scope_only(
    serve: Any, deck: Any, route: Route
) -> None:
    client = await serve(
        api_token="reads",
        command_token="acts",
        webhook_secret=COMMON,
        webhook_secrets=SECRETS,
        routes=routes_of_the_stream(deck) + routes_of_decks(deck),
    )
    path = re.sub(r"\{\w+\}", "x", route.path)

    async def status(token: str | None, address: str = path) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with client.request(route.method, address, headers=headers, data="{}") as answer:
            return int(answer.status)

    closed = route.access != OPEN
    for name, token in NO_ROUTE_OPENS.items():
        assert (await status(token) == 401) == closed, name
    assert (await status(None, f"{path}?key=acts") == 401) == closed
    assert await status(None, f"/w/acts{path}") == 404
    assert (await status("reads") == 401) == (route.access == COMMAND)
    assert deck.commands == []
    assert await status("acts") not in (401, 403)
