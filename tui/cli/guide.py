"""``gatedeck guide``: the pages that ship with the program, for reading in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from server.config import ConfigError, load_settings
from tui.guide.pages import TOPICS, find_topic, topic_list

WIDEST = 110
"""Cells beyond which a line of text is hard to read."""


def guide(name: str | None) -> int:
    """Print a page of the guide, or the list of topics; raises ConfigError for an unknown topic.

    A terminal gets the page with headings and tables drawn; a file or pipe gets the Markdown itself.
    """
    if name is None:
        print("\n".join(("The topics of the guide (gatedeck guide TOPIC):", *topic_list())))
        return 0
    topic = find_topic(name)
    if topic is None:
        raise ConfigError("\n".join((f"guide: there is no topic {name!r}; the topics are", *topic_list())))
    markdown = topic.markdown()
    if sys.stdout.isatty():
        _draw(markdown)
    else:
        print(markdown, end="" if markdown.endswith("\n") else "\n")
    return 0


def print_file(topic: str | None, file: str | None, *, domain: str | None, config: Path | None) -> int:
    """Print the file of a proxy that the page on servers is about; raises ConfigError for any other."""
    from server.deploy.proxy_files import PROXY_FILES, proxy_file

    if (topic or "").strip().casefold() != "vps" or file is None:
        raise ConfigError(f"file: give it as in gatedeck guide vps --file {next(iter(PROXY_FILES))}")
    print(proxy_file(file, domain=domain, settings=load_settings({}, config)), end="")
    return 0


def topic_names() -> list[str]:
    """Return the names that a shell may complete."""
    return [topic.name for topic in TOPICS]


def _draw(markdown: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    console.print(Markdown(markdown, hyperlinks=False), width=min(WIDEST, console.width))
