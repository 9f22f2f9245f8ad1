"""The topics of the guide and their text as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Topic:
    """A page of the guide: its name, one line about it, and a function that returns its Markdown."""

    name: str
    about: str
    markdown: Callable[[], str]


def find_topic(name: str) -> Topic | None:
    """Return the topic of that name in any case, or None."""
    wanted = name.strip().casefold()
    return next((topic for topic in TOPICS if topic.name == wanted), None)


def topic_list() -> list[str]:
    """Return one line of plain text for each topic: its name and what it is about."""
    width = max(len(topic.name) for topic in TOPICS)
    return [f"  {topic.name:<{width}}  {topic.about}" for topic in TOPICS]


def stored_page(name: str) -> str:
    """Return the Markdown of a page that is stored beside this file."""
    return (resources.files(__package__) / f"{name}.md").read_text(encoding="utf-8")


@cache
def glossary_terms() -> Mapping[str, str]:
    """Return the meaning of each term of the glossary, in its order; the first meaning of a term that has two."""
    found: dict[str, str] = {}
    for line in stored_page("glossary").splitlines():
        if line.startswith("| `"):
            term, _, meaning = line.strip("| ").partition(" | ")
            found.setdefault(term.strip("`"), meaning)
    return found


def _rules() -> str:
    from tui.guide.rules_page import rules_page

    return rules_page()


def _tradingview() -> str:
    from tui.guide.tradingview_page import tradingview_page

    return tradingview_page()


def _senders() -> str:
    from tui.guide.senders_page import senders_page

    return senders_page()


def _keys() -> str:
    from tui.commands.readme_table import key_table

    return (
        "# Keys\n\nYour own keys are set in `keys.toml` beside the configuration file: the name of a command = a key,"
        ' or a list of keys.\n\n```toml\nExitPosition = "w"\nShowDecision = ["d", "f2"]\n```\n\n'
        f"{key_table(names=True)}\n"
    )


TOPICS: tuple[Topic, ...] = (
    Topic(
        "architecture",
        "The three rooms, the decisions with their reasons, and where to find what.",
        lambda: stored_page("architecture"),
    ),
    Topic("glossary", "Every code, abbreviation and column, one line each.", lambda: stored_page("glossary")),
    Topic("rules", "Every rule: its unit, bounds, default and meaning.", _rules),
    Topic(
        "feeds",
        "Real prices: vendors, keys, settings and budgets; and the way without a key.",
        lambda: stored_page("feeds"),
    ),
    Topic(
        "vps",
        "From a bare server to an alert over HTTPS; --file nginx or caddy prints the proxy's file.",
        lambda: stored_page("vps"),
    ),
    Topic(
        "operations",
        "Update, back up, restore, move, rotate a secret, read the log, answer an alarm.",
        lambda: stored_page("operations"),
    ),
    Topic(
        "import",
        "Trades of a broker's statement as a book: layouts, how fills become trades, overlapping files.",
        lambda: stored_page("import"),
    ),
    Topic(
        "stream",
        "What happens as server-sent events: kinds, filters, and how a reader goes on where it was.",
        lambda: stored_page("stream"),
    ),
    Topic("senders", "Every key that is read from a sender's body, and what it means.", _senders),
    Topic("tradingview", "Alerts on TradingView: address, secret, and ready bodies to paste.", _tradingview),
    Topic("keys", "Every key of the deck and what it does.", _keys),
)
