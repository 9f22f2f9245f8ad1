"""Make the pictures and the key table that README shows: ``python tests/tui/shoot.py``.

Pictures are SVG of the real screens on a frozen day, written to ``tui/assets``; the table stands in README
between its two marks. Run it after a change of keys or of what a screen looks like.
"""

# ruff: noqa: E402

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT)]

from fake_deck import FakeDeck

from tui.app import DeckApp
from tui.commands.readme_table import key_table

ASSETS = ROOT / "tui" / "assets"
README = ROOT / "README.md"
BEGIN, END = "<!-- keys: python tests/tui/shoot.py -->", "<!-- end of keys -->"

PICTURES: Mapping[str, tuple[str, ...]] = {
    "live": (),
    "position": ("enter",),
    "exit": ("x",),
    "performance": ("3",),
    "learning": ("4",),
    "system": ("5",),
}
"""The name of each picture and the keys that lead to it."""
SIZE = (120, 40)


async def shoot(name: str, keys: tuple[str, ...]) -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(0.2)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.5)
            await app.charts.idle()
        await pilot.pause()
        (ASSETS / f"{name}.svg").write_text(app.export_screenshot(title="gatedeck"), encoding="utf-8")


def readme_with(table: str, text: str) -> str:
    """The text with the table between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def main() -> None:
    ASSETS.mkdir(exist_ok=True)
    for name, keys in PICTURES.items():
        asyncio.run(shoot(name, keys))
    README.write_text(readme_with(key_table(), README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
