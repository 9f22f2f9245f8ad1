"""The faults of stock Textual that tui/textual_patches works around: when one of these fails, a patch can go.

Each test runs Textual as it is installed, without the patch, and shows the fault. The row of
``tui.textual_patches.PATCHES`` names its test.
"""

from __future__ import annotations

import ast
import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.color import Color
from textual.containers import Container
from textual.css.stylesheet import Stylesheet
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widgets import OptionList, Static

from tui.textual_patches import PATCHES

ROOT = Path(__file__).resolve().parents[2]


class Behind(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Static("text behind the dialog")


class Modal(ModalScreen[None]):
    DEFAULT_CSS = "Modal { align: center middle; } Modal .box { width: 20; height: 5; }"

    def compose(self) -> ComposeResult:
        with Container(classes="box"):
            yield Static("a question")


class Stock(App[None]):
    def on_mount(self) -> None:
        self.push_screen(Behind())


# --- the table -----------------------------------------------------------------------------------------------


def test_every_file_of_the_folder_has_a_row_and_every_row_a_test() -> None:
    folder = ROOT / "tui/textual_patches"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {patch.file for patch in PATCHES} == files
    for patch in PATCHES:
        place, _, name = patch.obsolete_when_fails.partition("::")
        tree = ast.parse((ROOT / place).read_text(encoding="utf-8"))
        names = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in names, f"{patch.file}: {place} has no test {name}"


def test_private_names_of_textual_are_used_in_this_folder_alone() -> None:
    private = {name.rpartition(".")[2] for patch in PATCHES for name in patch.private_names}
    private = {name for name in private if name.startswith("_")} - {"_app"}  # gatedeck's own classes have one
    found = []
    for path in sorted((ROOT / "tui").rglob("*.py")):
        if path.parent.name == "textual_patches":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual._"):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} imports {node.module}")
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "name", None)
            if isinstance(node, ast.Attribute | ast.FunctionDef) and name in private:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} uses {name}")
    assert found == []


# --- faults of stock Textual ---------------------------------------------------------------------------------


def test_stock_style_cache_keeps_a_removed_widget() -> None:
    """In a process of its own: in this one the patch may be installed."""
    program = """
import gc, weakref
from textual._styles_cache import StylesCache
from textual.color import Color
cache = StylesCache()
cache.get_inner_outer(Color(1, 2, 3), Color(4, 5, 6))
alive = weakref.ref(cache)
del cache
gc.collect()
print(alive() is not None)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True", "Textual no longer keeps it: style_cache_leak.py can go"


def test_the_patched_style_cache_lets_a_removed_widget_be_collected() -> None:
    from tui.textual_patches.style_cache_leak import patch_style_cache

    patch_style_cache()
    cache = StylesCache()
    styles = cache.get_inner_outer(Color(1, 2, 3), Color(4, 5, 6))
    assert styles == StylesCache().get_inner_outer(Color(1, 2, 3), Color(4, 5, 6))
    alive = weakref.ref(cache)
    del cache
    gc.collect()
    assert alive() is None


async def test_stock_screen_is_laid_out_twice_when_it_is_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[str] = []
    own = Screen._screen_resized

    def resized(self: Screen[Any], size: Any) -> None:
        if size == self._compositor.size:
            again.append(type(self).__name__)
        own(self, size)

    monkeypatch.setattr(Screen, "_screen_resized", resized)
    app = Stock()
    async with app.run_test() as pilot:
        await pilot.pause()
        again.clear()
        app.push_screen(Modal())
        await pilot.pause()
    assert {"Modal", "Behind"} <= set(again), "Textual lays out once: single_layout.py can go"


async def test_stock_style_sheet_is_parsed_again_for_a_theme_it_has_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[str] = []
    from textual.css import stylesheet

    own = stylesheet.parse

    def parse(scope: str, css: str, *rest: Any, **options: Any) -> Any:
        parsed.append(css)
        return own(scope, css, *rest, **options)

    monkeypatch.setattr(stylesheet, "parse", parse)
    app = Stock()
    async with app.run_test() as pilot:
        themes = [app.theme, "textual-light", app.theme]
        for theme in themes[1:]:
            parsed.clear()
            app.theme = theme
            await pilot.pause()
    assert parsed, "Textual keeps a theme's rules: CachedStylesheet can go"


async def test_stock_app_parses_css_when_the_first_dialog_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    parses: list[int] = []
    own = Stylesheet.parse

    def parse(self: Stylesheet) -> None:
        parses.append(len(self.source))
        own(self)

    monkeypatch.setattr(Stylesheet, "parse", parse)
    app = Stock()
    async with app.run_test() as pilot:
        await pilot.pause()
        before, sources = len(parses), set(app.stylesheet.source)
        app.push_screen(Modal())
        await pilot.pause()
        added = {place[1] for place in set(app.stylesheet.source) - sources}
    assert any("ModalScreen" in place for place in added), (
        "Textual reads it at the start: DialogStylesFirst can go"
    )
    assert len(parses) > before


async def test_stock_list_without_a_visible_line_fails_at_a_page_key() -> None:
    class Listing(App[None]):
        CSS = "OptionList { height: 0; padding: 0; border: none; }"

        def compose(self) -> ComposeResult:
            yield OptionList("one", "two")

    app = Listing()
    async with app.run_test() as pilot:
        await pilot.pause()
        choices = app.query_one(OptionList)
        choices.highlighted = 0
        with pytest.raises(KeyError):
            choices.action_page_down()


def test_stock_update_is_cropped_at_its_right_end_alone() -> None:
    line = Strip([Segment("0123456789", Style(color="red"))])
    update = ChopsUpdate([{0: line}], [(0, 8, 9)], [[10]])
    text = update.render_segments(Console(force_terminal=True, color_system="standard"))
    assert "012345678" in text, "Textual crops at both ends: crop_update can go"


def test_stock_update_repeats_a_colour_that_is_still_in_force() -> None:
    lines = [Strip([Segment(text, Style(color="red"))]) for text in ("one", "two")]
    update = ChopsUpdate([{0: line} for line in lines], [(0, 0, 3), (1, 0, 3)], [[3], [3]])
    text = update.render_segments(Console(force_terminal=True, color_system="standard"))
    assert text.count("\x1b[31m") == 2, "Textual names a colour once: minimize_sgr can go"


async def test_stock_backdrop_is_dimmed_again_at_every_repaint(monkeypatch: pytest.MonkeyPatch) -> None:
    dimmed: list[int] = []
    own = BackgroundScreen.__rich_console__

    def drawn(self: BackgroundScreen, *rest: Any) -> Any:
        dimmed.append(1)
        return own(self, *rest)

    monkeypatch.setattr(BackgroundScreen, "__rich_console__", drawn)
    app = Stock()
    async with app.run_test() as pilot:
        await app.push_screen(Modal())
        await pilot.pause()
        dimmed.clear()
        for _ in range(3):
            app.screen.refresh()
            await pilot.pause()
    assert len(dimmed) >= 3, "Textual keeps the dimmed screen: DimmedBackdrop can go"


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")
def test_stock_writer_blocks_when_the_terminal_does_not_read() -> None:
    """Textual queues at most a few frames; then ``write`` waits for the terminal, and with it the event loop."""
    from textual.drivers._writer_thread import WriterThread

    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as file:
        thread = WriterThread(file)
        thread.start()
        done = threading.Event()

        def write() -> None:
            for _ in range(200):
                thread.write("x" * 4096)
            done.set()

        threading.Thread(target=write, daemon=True).start()
        blocked = not done.wait(1.0)
        while not done.is_set():
            os.read(reader, 65_536)
        threading.Thread(target=_drain, args=(reader,), daemon=True).start()
        thread.stop()
    assert blocked, "Textual's writer drops frames: NonBlockingDriver can go"


def _drain(reader: int) -> None:
    while os.read(reader, 65_536):
        time.sleep(0)


def test_stock_environment_is_read_at_the_import_alone() -> None:
    program = """
import os
from textual import constants
os.environ["TEXTUAL_FPS"] = "7"
print(constants.MAX_FPS)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() != "7", "Textual reads the environment late: environment.py can go"


def test_stock_app_has_no_public_name_for_its_driver_and_its_error() -> None:
    for name in ("driver", "exception", "error"):
        assert not hasattr(App, name), "Textual has a public name: app_internals.py can go"
    app = Stock()
    assert app._driver is None and app._exception is None
