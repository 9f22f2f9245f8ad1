"""Being told: which events, in which way, how often, and in no other words than clean ones."""

from __future__ import annotations

import asyncio
import re

import pytest
from fake_deck import HOSTILE, NOW, FakeDeck, screen_text, snapshot
from hypothesis import given
from hypothesis import strategies as st
from test_exits import running

from core.model import Tone
from server.deck import Notice
from server.deck.notice_kinds import PHONE_KINDS, phone_kinds
from tui.dialogs import base
from tui.dialogs.notices import NoticesDialog
from tui.notices import (
    CHANNELS,
    KINDS,
    SILENT,
    NoticeSettings,
    Notifier,
    clean,
    desktop_commands,
    title_command,
)


def event(kind: str = "execute", text: str = "Bought 6 SPY") -> Notice:
    return Notice(at=NOW, kind=kind, text=text, tone=Tone.POSITIVE)


class Kernel:
    """A notifier whose terminal is a list and whose clock is set by hand."""

    def __init__(self, settings: NoticeSettings | None = None, **environ: str) -> None:
        self.sent: list[str] = []
        self.now = 100.0
        self.notifier = Notifier(self.sent.append, settings or NoticeSettings(), environ, lambda: self.now)

    def took(self) -> list[str]:
        taken, self.sent[:] = list(self.sent), []
        return taken


def test_an_execution_rings_notifies_and_counts() -> None:
    desk = Kernel()
    desk.notifier.announce(event())
    assert desk.took() == [
        "\x07",
        desktop_commands("Bought 6 SPY", {}),
        "\x1b[22;2t",
        "\x1b]2;(1) gatedeck\x07",
    ]
    desk.notifier.mark_seen()
    assert desk.took() == ["\x1b]2;gatedeck\x07"]
    desk.notifier.restore_title()
    assert desk.took() == ["\x1b[23;2t"]


def test_many_at_once_ring_once_and_the_rest_is_counted_on_the_next() -> None:
    desk = Kernel()
    for n in range(4):
        desk.notifier.announce(event(text=f"no {n}"))
    assert desk.took().count("\x07") == 1
    desk.now += 6
    desk.notifier.flush()
    sent = desk.took()
    assert sent.count("\x07") == 1 and any("no 3 (and 2 more)" in each for each in sent)
    desk.now += 6
    desk.notifier.flush()
    assert desk.took() == []


@pytest.mark.parametrize("kind", [*KINDS, "mode"])
def test_each_kind_and_each_way_is_switched_by_itself(kind: str) -> None:
    name = "risk" if kind == "mode" else kind
    settings = NoticeSettings(**{each: frozenset() for each in KINDS})
    assert not settings.counts(kind)
    for channel in CHANNELS:  # the phone is the engine's, chosen on the same grid
        on = settings.toggled(name, channel)
        assert on.wants(kind, channel) and [c for c in CHANNELS if on.wants(kind, c)] == [channel]
        assert on.toggled(name, channel) == settings
        assert not any(on.wants(other, channel) for other in KINDS if other != name)


def test_what_has_no_switch_is_not_told() -> None:
    desk = Kernel()
    for kind in ("refused", "source", "quarantine", "title", "toggled"):
        desk.notifier.announce(event(kind))
    assert desk.notifier.unseen == 0 and desk.took() == []


def test_settings_are_plain_and_come_back_and_nonsense_keeps_the_default() -> None:
    settings = NoticeSettings().toggled("exit", "bell").toggled("silence", "desktop")
    assert NoticeSettings.from_dict(settings.as_dict()) == settings
    assert NoticeSettings.from_dict(
        {"exit": "loud", "title": 3, "x": [], "risk": ["bell", 4]}
    ) == NoticeSettings(risk=frozenset({"bell", "phone"}))


def test_choices_of_before_the_phone_keep_its_default_and_new_ones_are_kept() -> None:
    old = NoticeSettings.from_dict({kind: [] for kind in KINDS})
    assert {kind for kind in KINDS if old.wants(kind, "phone")} == PHONE_KINDS
    chosen = old.toggled("exit", "phone")
    assert phone_kinds(chosen.as_dict()) == PHONE_KINDS - {"exit"}
    assert NoticeSettings.from_dict(chosen.as_dict()) == chosen
    assert not chosen.counts("risk"), "what goes to the phone alone is not counted on the deck"


def test_without_the_title_it_is_given_back() -> None:
    desk = Kernel()
    desk.notifier.show_title()
    desk.notifier.settings = NoticeSettings(title=False)
    desk.notifier.show_title()
    assert desk.took() == ["\x1b[22;2t", "\x1b]2;gatedeck\x07", "\x1b[23;2t"]


@pytest.mark.parametrize(
    ("environ", "nine", "triple"),
    [
        ({"TERM_PROGRAM": "iTerm.app"}, True, False),
        ({"TERM": "xterm-kitty"}, True, False),
        ({"VTE_VERSION": "7600", "TERM": "xterm-256color"}, False, True),
        ({"TERM": "foot"}, False, True),
        ({"TERM": "xterm-256color"}, True, True),
    ],
)
def test_a_terminal_that_knows_both_is_told_once(environ: dict[str, str], nine: bool, triple: bool) -> None:
    sent = desktop_commands("exit", environ)
    assert ("\x1b]9;" in sent, "\x1b]777;" in sent) == (nine, triple)
    inside = desktop_commands("exit", environ | {"TMUX": "/run/tmux,1,0"})
    assert inside.startswith("\x1bPtmux;\x1b\x1b]") and inside.endswith("\x1b\\")


COMMAND = re.compile(r"\x1b\](2;|9;|777;notify;gatedeck;)[^;\x00-\x1f\x7f-\x9f]*\x07")


@given(st.one_of(st.text(max_size=300), st.sampled_from(HOSTILE)))
def test_no_text_can_end_or_split_a_command_to_the_terminal(text: str) -> None:
    sent = title_command(text) + desktop_commands(text, {})
    assert COMMAND.sub("", sent) == ""
    assert len(clean(text)) <= 200


async def test_a_key_clears_the_count_and_an_alarm_is_told_once() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        sent: list[str] = []
        app.notifier._write = sent.append
        deck.urgent.put_nowait(event())
        await asyncio.sleep(0.05)
        assert app.notifier.unseen == 1 and "\x1b]2;(1) gatedeck\x07" in sent
        await pilot.press("down")
        assert app.notifier.unseen == 0 and sent[-1] == "\x1b]2;gatedeck\x07"
        deck.change(alarms=("ledger: disk full",))
        for _ in range(3):
            app.pull()
        assert app.notifier.unseen == 1
        deck.change(alarms=())
        app.pull()
        deck.change(alarms=("ledger: disk full",))
        app.pull()
        assert app.notifier.unseen == 2


async def test_a_kind_that_is_off_is_no_toast_and_the_dialog_switches_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("A", "space", "right", "space", "right", "space", "right", "space")
        await pilot.pause()
        assert isinstance(app.screen, NoticesDialog) and "execute" in screen_text(app)
        assert "phone: no address is set" in screen_text(app)
        assert app.notifier.settings.execute == frozenset()
        assert app.appearance.settings.get("notices", {})["execute"] == []
        await pilot.press("escape")
        deck.urgent.put_nowait(event())
        await asyncio.sleep(0.05)
        assert not list(app._notifications) and app.notifier.unseen == 0
        deck.urgent.put_nowait(event("silence", "STRAT_EXEC is silent"))
        await asyncio.sleep(0.05)
        assert "STRAT_EXEC" in list(app._notifications)[-1].message


def test_a_demo_shows_and_does_not_ring() -> None:
    assert not any(SILENT.wants(kind, way) for kind in KINDS for way in ("bell", "desktop"))
    assert all(SILENT.wants(kind, "toast") for kind in KINDS)


async def test_events_that_came_under_a_dialog_are_toasted_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)
    deck = FakeDeck(snapshot())
    async with running(deck) as (app, pilot):
        await pilot.press("x")
        deck.urgent.put_nowait(event("risk", "REDUCING"))
        await asyncio.sleep(0.05)
        assert not list(app._notifications)
        await pilot.press("escape")
        app.pull()
        await pilot.pause()
        assert [each.message for each in app._notifications] == ["REDUCING"]
