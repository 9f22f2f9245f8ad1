"""What README shows of the deck is what the deck is: after a change run ``python tests/tui/shoot.py``."""

from __future__ import annotations

import re
from pathlib import Path

from shoot import ASSETS, PICTURES, README, readme_with

from tui.commands.readme_table import key_table
from tui.commands.registry import COMMANDS
from tui.commands.user_command import use_keys


def test_the_key_table_of_the_readme_is_the_one_made_from_the_commands() -> None:
    use_keys({})
    text = README.read_text(encoding="utf-8")
    assert readme_with(key_table(), text) == text, "python tests/tui/shoot.py writes it anew"


def test_the_table_has_a_line_for_every_command() -> None:
    lines = key_table().splitlines()
    assert len(lines) == len(COMMANDS) + 2
    assert all(line.count("|") - line.count("\\|") == 4 for line in lines)


def test_every_picture_that_the_readme_shows_exists_and_is_one_we_make() -> None:
    shown = re.findall(r"\((tui/assets/[^)]+)\)", README.read_text(encoding="utf-8"))
    assert shown, "README shows the deck"
    for name in shown:
        path = README.parent / name
        assert path.stem in PICTURES and path.parent == ASSETS
        assert "EXECUTE" in path.read_text(encoding="utf-8") or path.stem != "live"


def test_pictures_stay_small_enough_for_a_wheel() -> None:
    assert sum(path.stat().st_size for path in Path(ASSETS).glob("*.svg")) < 1_500_000
