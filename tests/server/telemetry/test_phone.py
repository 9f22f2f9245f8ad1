"""Word to the phone: what is sent, when, and that nothing of it reaches the engine's loop."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.effects import Notice
from core.model import Tone
from server.config import ConfigError, load_settings
from server.deck.notice_kinds import PHONE_KINDS
from server.deck.rows import PhoneAddress
from server.quiet_hours import quiet_hours
from server.telemetry.outbox import Message, Outbox
from server.telemetry.phone import PhoneNotifier, phone_of, saved_choices
from tests.ports import own_port

NOON, NIGHT = datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 24, 23, tzinfo=UTC)


def notice(kind: str = "exit", text: str = "TARGET_1 SPY") -> Notice:
    return Notice(kind=kind, at=NOON, text=text, tone=Tone.POSITIVE)


def test_a_burst_is_sent_up_to_the_limit_and_the_rest_counted_in_one() -> None:
    outbox = Outbox(3, None)
    for n in range(9):
        outbox.put("exit" if n % 2 else "risk", f"no {n}")
    taken = [outbox.take(0.0, NOON) for _ in range(4)]
    assert taken[:2] == [Message("gatedeck: risk", "no 0"), Message("gatedeck: exit", "no 1")]
    assert taken[2] == Message("gatedeck: 4 risk, 3 exit", "2 earlier, then:\nno 4\nno 5\nno 6\nno 7\nno 8")
    assert taken[3] is None
    outbox.put("exit", "late")
    assert outbox.take(59.9, NOON) is None
    assert outbox.take(60.0, NOON) == Message("gatedeck: exit", "late")


def test_quiet_hours_hold_everything_back_for_one_message() -> None:
    outbox = Outbox(10, quiet_hours("22:00-07:00 UTC"))
    outbox.put("exit", "one")
    outbox.put("exit", "two")
    assert outbox.take(0.0, NIGHT) is None
    assert outbox.take(1.0, NOON) == Message("gatedeck: 2 exit", "one\ntwo")


@pytest.mark.parametrize("text", ["22-7", "25:00-07:00", "22:00-07:00 Mars/Olympus"])
def test_quiet_hours_that_cannot_be_read_are_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="notify_quiet"):
        load_settings({"notify_quiet": text}, Path("/dev/null"))


def test_the_choices_of_the_deck_are_read(tmp_path: Path) -> None:
    path = tmp_path / "deck.json"
    assert saved_choices(path) == PHONE_KINDS
    path.write_text('{"notices": {"exit": ["toast"]}}')
    assert saved_choices(path) == PHONE_KINDS
    path.write_text('{"notices": {"phone": ["exit", "unknown"]}}')
    assert saved_choices(path) == {"exit"}


class Service:
    """A sender that fails as often as told."""

    def __init__(self, fails: int) -> None:
        self.fails, self.sent = fails, list[Message]()

    async def send(self, target: int, message: Message) -> bool:
        if self.fails:
            self.fails -= 1
            return False
        self.sent.append(message)
        return True

    async def close(self) -> None:
        pass


async def run_until(phone: PhoneNotifier, done: Callable[[], bool], seconds: float = 20.0) -> None:
    running = asyncio.create_task(phone.run())
    try:
        async with asyncio.timeout(seconds):
            while not done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def made(service: Service, alarms: dict[str, str]) -> PhoneNotifier:
    return PhoneNotifier(
        ["phone"], service, Outbox(10, None), choices=lambda: PHONE_KINDS,
        redact=lambda text: text.replace("hunter2", "***"), alarms=alarms, retries=(0.0, 0.0),
    )  # fmt: skip


async def test_it_tries_again_and_sends_only_what_was_chosen_without_a_secret() -> None:
    service, alarms = Service(fails=2), dict[str, str]()
    phone = made(service, alarms)
    for kind in ("silence", "quarantine", "mode"):
        phone.put(notice(kind, f"{kind} hunter2"))
    await run_until(phone, lambda: bool(service.sent))
    assert service.sent == [Message("gatedeck: mode", "mode ***")] and alarms == {}
    assert phone.rows() == (PhoneAddress(name="phone", sent=1, retried=2),)


async def test_a_loss_is_an_alarm_and_a_line_until_it_works_again(caplog: Any) -> None:
    service, alarms = Service(fails=4), dict[str, str]()
    phone = made(service, alarms)
    phone.put(notice())
    phone.put(notice())
    await run_until(phone, lambda: "2 messages" in alarms.get("notify phone", ""))
    assert "were not sent to phone" in caplog.text
    phone.put(notice())
    await run_until(phone, lambda: not alarms)
    assert len(service.sent) == 1 and "2 were lost" in caplog.text
    assert phone.rows() == (PhoneAddress(name="phone", sent=1, retried=2, lost=2),)


async def test_what_quiet_hours_hold_back_waits() -> None:
    outbox = Outbox(10, quiet_hours("00:00-23:59 UTC"))
    outbox.put("exit", "one")
    phone = PhoneNotifier(
        ["phone"], Service(0), outbox, choices=lambda: PHONE_KINDS, redact=str, alarms={}, retries=()
    )  # fmt: skip
    phone.put(notice())
    assert phone.rows() == (PhoneAddress(name="phone", waiting=2),)


async def test_a_stop_says_what_it_left_unsent(caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.telemetry.phone.LAST_WORD_SECONDS", 0.01)
    begun = asyncio.Event()

    class Hanging(Service):
        async def send(self, target: int, message: Message) -> bool:
            begun.set()
            await asyncio.sleep(60)
            return True

    phone = made(Hanging(0), {})
    phone.put(notice())
    phone.put(notice())
    await run_until(phone, begun.is_set)
    assert "the stop left 2 messages to phone unsent" in caplog.text


class Mail:
    def __init__(self) -> None:
        self.got: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.got.append(envelope.content.decode())
        return "250 OK"


async def test_a_notice_reaches_a_web_service_and_a_mail_server(tmp_path: Path) -> None:
    from aiosmtpd.controller import Controller

    got: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        got.append(json.loads(await request.text()))
        return web.json_response({"id": "1"})

    app = web.Application()
    app.router.add_post("/{tail:.*}", take)
    server, mail = TestServer(app), Mail()
    await server.start_server()
    smtp = Controller(mail, hostname="127.0.0.1", port=own_port())
    smtp.start()
    urls = {
        "phone": f"ntfy://127.0.0.1:{server.port}/a-secret-topic",
        "mail": f"mailto://127.0.0.1:{smtp.port}/d@e.ff?from=a@b.cc&mode=insecure",
    }
    settings = load_settings({"notify_urls": urls, "state_dir": tmp_path}, Path("/dev/null"))
    assert "a-secret-topic" not in repr(settings)
    alarms: dict[str, str] = {}
    phone = phone_of(settings, alarms)
    assert phone is not None
    phone.put(notice(text="TARGET_1 SPY 660C"))
    try:
        await run_until(phone, lambda: bool(got and mail.got))
    finally:
        smtp.stop()
        await server.close()
    assert (got[0]["topic"], got[0]["title"], got[0]["message"]) == (
        "a-secret-topic", "gatedeck: exit", "TARGET_1 SPY 660C",
    )  # fmt: skip
    assert "TARGET_1 SPY 660C" in mail.got[0] and alarms == {}


async def test_with_both_dead_nothing_waits_and_the_loss_is_told_without_an_address(
    tmp_path: Path, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.telemetry.phone.RETRY_SECONDS", (0.0,))
    caplog.set_level(logging.DEBUG)
    port = own_port()
    urls = [
        f"ntfy://127.0.0.1:{port}/a-secret-topic",
        f"mailto://127.0.0.1:{port}/d@e.ff?from=a@b.cc&mode=insecure",
    ]
    alarms: dict[str, str] = {}
    phone = phone_of(load_settings({"notify_urls": urls, "state_dir": tmp_path}, Path("/dev/null")), alarms)
    assert phone is not None
    for n in range(5_000):
        phone.put(notice(text=f"no {n}"))
    await run_until(phone, lambda: len(alarms) == 2)
    assert set(alarms) == {"notify ntfy 1", "notify mailto 2"}
    assert "a-secret-topic" not in caplog.text + str(alarms) and "not sent to ntfy 1" in caplog.text
    assert "4,000 notices were lost" in caplog.text
