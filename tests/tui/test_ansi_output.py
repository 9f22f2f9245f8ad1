"""What goes to the terminal: fewer bytes, the same picture."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from tui.textual_patches.ansi_output import CroppedUpdate, crop_update, minimize_sgr

STYLES = ["1;38;2;1;2;3", "38;2;1;2;3;48;2;9;9;9", "7", "48;5;3", "1"]
pieces = st.one_of(
    st.tuples(st.sampled_from(STYLES), st.text(alphabet="ab1 ·東–", min_size=1, max_size=6)).map(
        lambda each: f"\x1b[{each[0]}m{each[1]}\x1b[0m"
    ),
    st.tuples(st.integers(1, 6), st.integers(1, 20)).map(lambda each: f"\x1b[{each[0]};{each[1]}H"),
    st.sampled_from(["plain", "\x1b[0m", "\x1b[?25l", "\x1b[2J", "\x1b[K"]),
)


def picture(text: str) -> object:
    screen = pyte.Screen(24, 8)
    pyte.Stream(screen).feed(text)
    # Cells written after it show the colour that is left in force.
    pyte.Stream(screen).feed("\x1b[8;1Hend")
    return [[screen.buffer[y][x] for x in range(24)] for y in range(8)]


@given(st.lists(pieces, max_size=20).map("".join))
def test_a_minimized_frame_paints_the_same_cells_in_no_more_bytes(frame: str) -> None:
    short = minimize_sgr(frame)
    assert picture(short) == picture(frame)
    assert len(short) <= len(frame)


def test_pieces_of_one_colour_name_it_once() -> None:
    frame = "\x1b[31mone\x1b[0m\x1b[2;5H\x1b[31mtwo\x1b[0m\x1b[32mthree\x1b[0m"
    assert minimize_sgr(frame) == "\x1b[31mone\x1b[2;5Htwo\x1b[0;32mthree\x1b[0m"


def test_an_update_is_cropped_at_both_ends() -> None:
    from rich.console import Console

    line = Strip([Segment("0123456789", Style(color="red")), Segment("abcdefghij", Style(color="blue"))])
    whole = ChopsUpdate([{0: line}], [(0, 8, 12)], [[20]])
    text = crop_update(whole).render_segments(Console(force_terminal=True, color_system="standard"))
    assert isinstance(crop_update(whole), CroppedUpdate)
    assert text == "\x1b[1;9H\x1b[31m89\x1b[0m\x1b[34mab\x1b[0m"
    assert crop_update(None) is None
