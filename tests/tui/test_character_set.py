"""Terminals and streams that are not UTF-8: every sign has one of ASCII, and nothing ends in an encoding error."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_deck import HOSTILE, FakeDeck, screen_text
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.app import DeckApp
from tui.character_set import is_utf8, prepare_streams, to_ascii
from tui.fmt import safe


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LANG": "de_DE.UTF-8@euro"}, True),
        ({"LC_CTYPE": "UTF-8"}, True),
        ({}, False),
        ({"LANG": "C"}, False),
        ({"LANG": "en_US"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"}, False),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "en_US.UTF-8", "PYTHONIOENCODING": "ascii:replace"}, False),
        ({"LANG": "C", "PYTHONIOENCODING": "utf-8"}, True),
    ],
)
def test_the_locale_says_whether_a_terminal_takes_utf8(environ: Mapping[str, str], expected: bool) -> None:
    assert is_utf8(environ) is expected


@given(st.text())
def test_ascii_text_has_as_many_cells_as_the_text_it_stands_for(text: str) -> None:
    shown = safe(text)
    assert to_ascii(shown).isascii()
    assert len(to_ascii(shown)) == sum(cell_len(c) for c in shown)


async def test_no_sign_of_the_deck_is_a_question_mark_in_ascii() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(160, 50)) as pilot:
        for keys in (
            ("1",),
            ("d",),
            ("escape", "x"),
            ("escape", "A"),
            ("escape", "2"),
            ("3",),
            ("4",),
            ("5",),
        ):
            await pilot.press(*keys)
            text = screen_text(app)
            strange = {c for c in text if not c.isascii() and "?" in to_ascii(c)}
            assert not strange, (keys, strange)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_any_text_can_be_printed_in_any_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    prepare_streams()
    for text in (*HOSTILE, "– ▲ +$1.00 … 東京 \udcff"):
        print(text)
        print(text, file=sys.stderr)
    sys.stdout.flush()
    written: Any = sys.stdout.buffer
    assert (b"- ^ +$1.00 . ???? ?" if encoding == "ascii" else b"+$1.00") in written.getvalue()


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_screen_is_never_painted_into_a_file(gatedeck: Any, command: str) -> None:
    done = gatedeck(command)
    assert done.returncode == 2
    assert done.stdout == "" and "\x1b" not in done.stderr
    assert "not a terminal; --headless runs the engine without a screen" in done.stderr


def test_json_is_utf8_whatever_the_encoding_of_the_stream(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tui.cli.console import print_result

    with (tmp_path / "out").open("w", encoding="ascii") as out:
        monkeypatch.setattr(sys, "stdout", out)
        print_result({"name": "Zürich –"}, as_json=True)
    assert (tmp_path / "out").read_text(encoding="utf-8") == '{"name":"Zürich –"}\n'
