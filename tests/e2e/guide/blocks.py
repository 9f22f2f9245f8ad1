"""The command blocks, files and inline commands of the guide's pages and the README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui.guide.pages import TOPICS

ROOT = Path(__file__).resolve().parents[3]
KINDS = ("sh", "toml", "json", "text")
"""What a fenced block may be: commands, a file of settings, an assistant's entry, or neither."""
PLACES = {"# on your laptop": "laptop", "# on the server, as root": "server"}
"""First lines that say where commands are run; without one it is the reader's checkout, here the laptop."""
_FENCED = re.compile(r"(?ms)^ *```(?P<kind>\w*)\n(?P<text>.*?)^ *```$")
_INLINE = re.compile(r"`(gatedeck [^`]+)`")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: str
    kind: str
    text: str

    @property
    def place(self) -> str:
        return PLACES.get(self.text.partition("\n")[0], "laptop")

    @property
    def first(self) -> str:
        """The first line that is no comment."""
        return next((line for line in self.text.splitlines() if line and not line.startswith("#")), "")


def pages() -> dict[str, str]:
    return {topic.name: topic.markdown() for topic in TOPICS} | {
        "README": (ROOT / "README.md").read_text(encoding="utf-8")
    }


def blocks() -> list[Block]:
    """Every fenced block, page by page, in order."""
    return [
        Block(page, found["kind"], found["text"])
        for page, text in pages().items()
        for found in _FENCED.finditer(text)
    ]


def inline_commands() -> Iterator[tuple[str, str]]:
    """(page, command) of each command that stands in a sentence or a table."""
    for page, text in pages().items():
        for command in _INLINE.findall(re.sub(r"\s*\n\s*", " ", _FENCED.sub("", text))):
            yield page, command
