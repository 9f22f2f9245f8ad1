"""What a person sets about the deck: colours, density, numbers, keys, pausing, copying, pictures, the size."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_deck import NOW, FakeDeck, position, screen_text, snapshot
from hypothesis import given
from hypothesis import strategies as st

from tui import fmt
from tui.app import DeckApp
from tui.clipboard import as_json, cells_text
from tui.commands.keymap import KeyMap, keymap, load_keymap, places
from tui.commands.registry import COMMANDS
from tui.commands.user_command import use_keys
from tui.dialogs.exit_position import ExitDialog
from tui.dialogs.help import HelpDialog
from tui.guide.pages import find_topic
from tui.panes.positions import PositionsPane
from tui.screens.live import LiveScreen
from tui.settings import SettingsStore
from tui.supervisor import THEMES as NAMES_WITHOUT_A_SCREEN
from tui.themes import ANSI, NAMES, THEMES
from tui.widgets.keybar import KeyBar


@pytest.fixture(autouse=True)
def usual() -> Any:
    yield
    use_keys({})
    fmt.use_numbers("")


# --- remembered ---------------------------------------------------------------------------------------------


def test_what_was_chosen_is_there_the_next_time_and_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "state" / "deck.json"
    SettingsStore(path).set("theme", "light")
    assert json.loads(path.read_text()) == {"theme": "light"}
    again = SettingsStore(path)
    assert again.get("theme", "dark") == "light" and again.get("compact", False) is False
    assert [each.name for each in path.parent.iterdir()] == ["deck.json"]


@pytest.mark.parametrize("text", ["{", "[1, 2]", "\udcff"])
def test_a_file_that_cannot_be_read_counts_as_empty_and_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deck.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    store = SettingsStore(path)
    assert store.get("theme", "dark") == "dark" and "cannot be read" in store.problem


def test_a_value_of_another_kind_counts_as_not_chosen(tmp_path: Path) -> None:
    path = tmp_path / "deck.json"
    path.write_text('{"theme": 7, "compact": "yes"}')
    store = SettingsStore(path)
    assert (store.get("theme", "dark"), store.get("compact", False)) == ("dark", False)


def test_a_demo_reads_what_was_chosen_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deck.json"
    SettingsStore(path).set("theme", "ansi")
    store = SettingsStore(path, keep=False)
    store.set("theme", "light")
    assert store.get("theme", "") == "light" and "ansi" in path.read_text()


def test_a_folder_that_cannot_be_written_is_said_and_nothing_falls(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = SettingsStore(tmp_path / "file" / "deck.json")
    store.set("theme", "light")
    assert "cannot be" in store.problem and store.get("theme", "") == "light"


# --- colours ------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


INKS = ("text", "dim", "strong", "good", "bad", "warn", "info", "head")


@pytest.mark.parametrize("theme", [theme for theme in THEMES if not theme.ansi], ids=lambda theme: theme.name)
def test_every_ink_can_be_read_on_every_ground(theme: Any) -> None:
    least = 7.0 if theme.name == "high-contrast" else 4.5
    for ground in (theme.background, theme.panel, theme.variables["gd-bar"], theme.variables["gd-cursor"]):
        for ink in INKS:
            colour = theme.variables[f"gd-{ink}"]
            assert contrast(colour, ground) >= least - 0.75 * (ground == theme.variables["gd-cursor"]), (
                ink,
                ground,
            )
    for badge in ("good", "bad", "warn", "info"):
        assert contrast(theme.variables["gd-badge-text"], theme.variables[f"gd-{badge}"]) >= 4.5, badge


def test_sixteen_colours_use_nothing_but_the_terminals_own() -> None:
    used = [ANSI.background, ANSI.panel, ANSI.primary, ANSI.error, *ANSI.variables.values()]
    assert all(value is None or value.startswith("ansi_") or value == "none" for value in used)


def test_every_theme_gives_every_colour_and_is_known_without_a_screen() -> None:
    assert NAMES == NAMES_WITHOUT_A_SCREEN
    wanted = {name for name in THEMES[0].variables if name.startswith("gd-")}
    assert all(wanted <= set(theme.variables) for theme in THEMES)


async def test_the_theme_is_remembered_and_a_slow_line_gets_16_colours_for_now(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "deck.json")
    app = DeckApp(FakeDeck(), settings=store)
    async with app.run_test(size=(80, 24)) as pilot:
        seen = [app.theme]
        for _ in NAMES:
            app.action_next_theme()
            await pilot.pause()
            seen.append(app.theme)
        assert seen == [*NAMES, NAMES[0]]
        app.action_next_theme()
    assert DeckApp(FakeDeck(), settings=SettingsStore(store.path)).theme == NAMES[1]
    slow = DeckApp(FakeDeck(), settings=SettingsStore(store.path), low_bandwidth=True)
    assert (slow.theme, slow.refresh_hz) == ("ansi", 1.0)
    assert json.loads((tmp_path / "deck.json").read_text())["theme"] == NAMES[1]


# --- density and numbers ------------------------------------------------------------------------------------


async def settled(pilot: Any) -> None:
    """Wait until the rows of the lists are shared out, which follows the first layout."""
    await pilot.pause()
    await pilot.pause()


async def test_compact_shows_more_columns_and_rows_and_comes_back() -> None:
    deck = FakeDeck(snapshot(positions=tuple(position(f"p{n}") for n in range(30))))
    app = DeckApp(deck)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        table = app.screen.query_one(PositionsPane)
        before = (len(table._visible(table.size.width)), table.room)
        roomy = screen_text(app)
        await pilot.press("z")
        await settled(pilot)
        dense = (len(table._visible(table.size.width)), table.room)
        assert dense[0] >= before[0] and dense[1] > before[1]
        assert app.appearance.settings.get("compact", False) is True
        await pilot.press("z")
        await settled(pilot)
        assert screen_text(app) == roomy


@pytest.mark.parametrize(
    ("name", "text"),
    [("1,234.56", "+$1,234.56"), ("1 234,56", "+$1\u00a0234,56"), ("1.234,56", "+$1.234,56"),
     ("1'234.56", "+$1'234.56"), ("1234.56", "+$1234.56")],
)  # fmt: skip
def test_numbers_are_written_as_chosen(name: str, text: str) -> None:
    fmt.use_numbers(name)
    assert fmt.money(1234.56) == text


@given(st.floats(-1e9, 1e9), st.sampled_from(list(fmt.NUMBERS)))
def test_a_number_reads_back_whatever_its_separators(value: float, name: str) -> None:
    between, before = fmt.NUMBERS[name]
    try:
        fmt.use_numbers(name)
        text = fmt.number(value)
    finally:
        fmt.use_numbers("")
    assert float(text.replace(between, "").replace(before, ".") if between else text) == round(value, 2)


async def test_a_new_number_format_is_on_the_whole_screen_at_once() -> None:
    app = DeckApp(FakeDeck())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "+$441.79" in screen_text(app) and "-2.30 -0.51%" in screen_text(app)
        app.action_next_number_format()
        await pilot.pause()
        text = screen_text(app)
        assert "+$441,79" in text and "-2,30 -0,51%" in text and "+212,10" in text and "448,90" in text
        assert "+$441.79" not in text


async def test_a_number_format_is_in_the_smallest_size_pane_and_in_the_dialogs_too() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_next_number_format()
        await pilot.pause()
        assert "confluence 2,00" in screen_text(app)
        await pilot.press("d")
        await pilot.pause()
        text = screen_text(app)
        assert "confidence 86,4" in text and "confidence 86.4" not in text


# --- keys ---------------------------------------------------------------------------------------------------


def test_no_key_means_two_things_on_any_screen() -> None:
    for place in places():
        keys = [key for command in place for key in command.keys]
        assert sorted(keys) == sorted(set(keys)), place


def test_own_keys_replace_the_usual_and_names_may_be_written_with_hyphens() -> None:
    made = keymap({"ExitPosition": "w", "show-decision": ["f2", "D"], "Help": "F1"})
    assert made.keys == {"ExitPosition": ("w",), "ShowDecision": ("f2", "D"), "Help": ("f1",)}
    assert made.problems == ()


@pytest.mark.parametrize(
    ("given_keys", "words"),
    [({"Nonsense": "e"}, "there is no command Nonsense"), ({"ExitPosition": "q"}, "which is Quit"),
     ({"ExitPosition": "down"}, "which is RowDown"), ({"ExitPosition": "ctrl+z"}, "stop the engine"),
     ({"ExitPosition": 5}, "cannot be 5"), ({"ExitPosition": []}, "without a key"), ({"Palette": "f9"}, "keeps")],
)  # fmt: skip
def test_a_line_that_cannot_be_followed_is_told_and_the_key_stays(
    given_keys: dict[str, object], words: str
) -> None:
    made = keymap(given_keys)
    assert made.keys == {} and len(made.problems) == 1 and words in made.problems[0]


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("exit-positon", "did you mean ExitPosition"),
        ("ShowDecisions", "did you mean ShowDecision"),
        ("Q", "command Q. The"),
    ],
)
def test_an_unknown_command_is_told_with_close_names_and_where_all_of_them_are(word: str, words: str) -> None:
    (problem,) = keymap({word: "e"}).problems
    assert words in problem and problem.endswith("The help (?) and gatedeck guide keys list all names")
    topic = find_topic("keys")
    assert topic is not None
    page = topic.markdown()
    assert all(f"`{command.name}`" in page for command in COMMANDS)


def test_two_commands_may_change_places_but_not_share_one() -> None:
    swapped = keymap({"ExitPosition": "d", "ShowDecision": "x"})
    assert swapped.problems == () and len(swapped.keys) == 2
    both = keymap({"ExitPosition": "f6", "ShowDecision": "f6"})
    assert len(both.problems) == 1 and len(both.keys) == 1


def test_a_file_of_keys_that_is_no_toml_changes_nothing(tmp_path: Path) -> None:
    assert load_keymap(tmp_path / "keys.toml") == KeyMap({})
    (tmp_path / "keys.toml").write_text("x = [")
    broken = load_keymap(tmp_path / "keys.toml")
    assert broken.keys == {} and "is not followed" in broken.problems[0]


async def test_own_keys_act_and_stand_in_footer_help_and_nowhere_the_old() -> None:
    app = DeckApp(FakeDeck(), keymap=keymap({"ExitPosition": "w", "ShowDecision": "x"}))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "w exit" in app.screen.query_one(KeyBar).render_line(0).text
        await pilot.press("w")
        await pilot.pause()
        assert isinstance(app.screen, ExitDialog)
        await pilot.pause(0.2)
        await pilot.press("escape", "?")
        await pilot.pause()
        assert isinstance(app.screen, HelpDialog)
        lines = ["".join(text for text, _ in line) for line in app.screen.write(100)]
        assert any(line.startswith("  w ") and "Close the selected position" in line for line in lines)


async def test_a_conflict_is_told_on_the_screen() -> None:
    app = DeckApp(FakeDeck(), keymap=keymap({"ExitPosition": "q", "Nonsense": "v"}))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        (said,) = [note.message for note in app._notifications]
        assert "there is no command Nonsense" in said and "1 more" in said


# --- standing still -----------------------------------------------------------------------------------------


async def test_paused_the_body_stands_still_in_words_with_its_age_and_the_frame_goes_on() -> None:
    from datetime import timedelta

    deck = FakeDeck()
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("p")
        first, *rest = deck.now.positions
        later = NOW + timedelta(seconds=75)
        deck.change(at=later, positions=(replace(first, mark=9.99), *rest), alarms=("disk full",))
        app.pull()
        await pilot.pause()
        text = screen_text(app)
        assert "PAUSED 1m" in text and "9.99" not in text and "disk full" in text
        await pilot.press("2")
        await pilot.pause()
        assert "PAUSED 1m" in screen_text(app)
        await pilot.press("1", "p")
        await pilot.pause()
        assert "PAUSED" not in screen_text(app) and "9.99" in screen_text(app)


async def test_acting_ends_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.dialogs import base

    monkeypatch.setattr(base, "DEBOUNCE", 0.0)
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("p", "x", "y")
        await pilot.pause()
        assert not app.paused and "EXITING" in screen_text(app)


# --- copying and pictures -----------------------------------------------------------------------------------


async def copied(keys: list[str], deck: FakeDeck | None = None) -> str:
    app = DeckApp(deck or FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.05)
        return app.clipboard


async def test_c_copies_the_position_under_the_cursor_and_capital_c_its_json() -> None:
    text = await copied(["down", "c"])
    assert "QQQ 512P 11/24" in text and "planned loss" in text
    assert json.loads(await copied(["down", "C"]))["id"] == "p2"


async def test_c_on_a_decision_copies_the_whole_decision() -> None:
    assert "Inputs" in await copied(["tab", "down", "c"])
    made = json.loads(await copied(["tab", "down", "C"]))
    assert made["id"] == "d1" and made["verdict"]["components"] and made["at"].startswith("2026-11-24T")
    assert json.loads(await copied(["2", "down", "C"]))["id"] == "d1"
    assert json.loads(await copied(["d", "C"]))["id"] == "dec-execute"


async def test_nothing_to_copy_is_said() -> None:
    from fake_deck import empty_snapshot

    assert await copied(["c"], FakeDeck(empty_snapshot())) == ""


def test_any_row_is_copied_as_its_cells() -> None:
    assert cells_text(["a", "b", "c"], ["1", fmt.NONE, " x "]) == "a: 1\nc: x"
    assert json.loads(as_json({"when": NOW, "set": {2, 1}, 3: object})) == {
        "when": NOW.isoformat(),
        "set": [1, 2],
        "3": "<class 'object'>",
    }


async def test_a_picture_is_saved_beside_the_settings(tmp_path: Path) -> None:
    app = DeckApp(FakeDeck(), settings=SettingsStore(tmp_path / "deck.json"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+s")
        await pilot.pause(0.5)
        (saved,) = (tmp_path / "screenshots").iterdir()
        assert saved.suffix == ".svg" and "<svg" in saved.read_text()[:200]
        assert any("Saved" in note.message for note in app._notifications)


# --- sizes --------------------------------------------------------------------------------------------------


async def test_a_window_made_small_and_large_again_is_where_it_was() -> None:
    rows = tuple(position(f"p{n}", strike=400 + n) for n in range(40))
    app = DeckApp(FakeDeck(snapshot(positions=rows)), refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        table = app.screen.query_one(PositionsPane)
        await pilot.press(*["down"] * 15, *["up"] * 3, "right", "right")
        before = (table.cursor, table._top, table._left_at(table.size.width), screen_text(app))
        for size in ((60, 20), (80, 24), (200, 60), (20, 6), (120, 40)):
            await pilot.resize_terminal(*size)
            for _ in range(6):
                await pilot.pause(0.01)
            assert table.cursor == before[0]
            if size[1] >= 20:
                shown = [table.render_line(y).text for y in range(table.size.height)]
                assert any(line.startswith("▸") for line in shown), size
        assert (table.cursor, table._top, table._left_at(table.size.width), screen_text(app)) == before


async def test_below_a_dialog_the_screen_has_the_new_size_too() -> None:
    def running() -> DeckApp:
        return DeckApp(FakeDeck(), refresh_hz=0.01)

    shown = []
    for first in ((120, 40), (80, 24)):
        app = running()
        async with app.run_test(size=first) as pilot:
            await pilot.pause()
            await pilot.press("x")
            await pilot.resize_terminal(80, 24)
            text = ""
            while text != screen_text(app):  # until the last layout is done
                text = screen_text(app)
                await pilot.pause(0.2)
            shown.append(text)
    assert shown[0] == shown[1] and "Exit this position?" in shown[0] and "ACTIVE" in shown[0]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_the_verdict_the_gates_and_the_keys_are_there_at_every_size(size: tuple[int, int]) -> None:
    app = DeckApp(FakeDeck())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        text = screen_text(app)
        # On a small screen the positions, which keys act on, come before the gates.
        gates = ("SPY 452C 11/27",) if size[0] < 76 else ("Regime", "Structural", "Market")
        for word in ("EXECUTE", *gates, "+$441.79", "? help", "x exit", "ACTIVE"):
            assert word in text, word
        assert isinstance(app.screen, LiveScreen)


def test_every_command_is_in_the_palette_or_has_a_key() -> None:
    assert [command.name for command in COMMANDS if not command.keys and not command.palette] == []


async def test_hints_in_the_panes_name_the_users_own_keys() -> None:
    app = DeckApp(FakeDeck(), keymap=keymap({"NextCut": "f7", "OlderPage": "f8", "ApproveTrade": "f9"}))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pilot.pause(0.3)
        assert "f7 group by" in screen_text(app) and "b group by" not in screen_text(app)
        await pilot.press("2")
        await pilot.pause(0.3)
        assert "f8 older" in screen_text(app)
