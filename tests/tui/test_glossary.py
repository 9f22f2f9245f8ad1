"""The glossary has a line for every code and every column of the deck."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import fake_deck

from core.model import Mode
from tui import fmt
from tui.guide.pages import stored_page
from tui.panes import size
from tui.panes.metric_cards import CARDS

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*")
LONGEST = 120

NOT_CODES = {
    "server/runtime/clock.py CLOCK_BOOTTIME": "a clock of the operating system",
    "core/options/volatility.py VIX": "a symbol",
    "server/deploy/package_page.py": "variables of a workflow of GitHub",
    "server/http/client_certificate.py": "parts of a certificate's subject, and nginx's word for a good one",
    "core/statements": "words of a broker's file and of an export",
    "core/intake/words.py": "words that senders use for directions, phases, exits and nothing",
    "core/intake/samples.py": "values of sample bodies",
    "core/intake/detect.py SATY_PO PHASE REGIME BIAS TREND MARKUP MARKDOWN ACCUMULATION DISTRIBUTION": (
        "the name of a sender's engine, and words of phase indicators"
    ),
    "core/intake/languages.py": "words of trades in other languages, and a form of Unicode",
    "core/intake/speech.py": "words of senders about entries, exits and sides",
    "core/intake/change.py": "words of senders for positions",
    "core/intake/flags.py": "words of senders for flags",
    "core/intake/request.py": "words of senders for a stop at the entry",
    "core/intake/options.py": "words of senders for calls and puts",
    "core/intake/symbols.py": "exchanges, currencies and spellings of symbols",
    "core/intake/moments.py": "names of zones and months",
    "core/rules": "symbols and the keys of tables",
    "core/decision/from_mapping.py": "words that are read from a mapping",
    "core/decision/size_inputs.py MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY": "days",
    "core/decision/market_gate.py POSITIVE NEGATIVE": "signs of a feed's gamma",
    "core/options/broadcasting.py CALL PUT": "sides of an option, read and never shown",
    "core/positions/settle.py CALL": "side of an option",
    "core/engine/settlement.py SURE": "word of a command's argument",
    "core/positions/opening.py CALL PUT": "sides of an option, plain words on the screen",
    "server/demo": "symbols and events of the simulated market",
    "server/config.py CONFIG XDG_CONFIG_HOME XDG_STATE_HOME": "names of environment variables",
    "server/config.py CREDENTIALS_DIRECTORY": "the name of an environment variable",
    "server/sd_notify.py NOTIFY_SOCKET WATCHDOG_PID WATCHDOG_USEC": "names of environment variables",
    "server/telemetry/log_output.py JOURNAL_STREAM": "the name of an environment variable",
    "server/telemetry/secrets.py ALPACA APCA KEY KEY_ID SECRET SECRET_KEY TOKEN TRADIER TWELVE": (
        "parts of the names of environment variables"
    ),
    "server/telemetry/metrics.py OTHER": "the label of decisions whose codes are too many",
    "server/feeds/alpaca_json.py LNUZ": "conditions of quotes, one letter each",
    "server/feeds/live.py SPY": "the symbol that a feed is checked with",
    "server/feeds/alpaca.py APCA_API_KEY_ID APCA_API_SECRET_KEY": "names of environment variables",
    "server/feeds/tradier.py TRADIER_TOKEN": "the name of an environment variable",
    "server/feeds/twelvedata.py TWELVEDATA_API_KEY": "the name of an environment variable",
    "server/feeds/http.py GET POST": "methods of HTTP",
    "server/http GET HEAD OPTIONS POST": "methods of HTTP",
    "server/http/webhook_contract.py BULLISH BEARISH UP SPY": "values of bodies in the documentation",
    "server/http/openapi.py GATEDECK_API_TOKEN": "the name of an environment variable",
    "server/setting_origins.py CREDENTIALS_DIRECTORY": "the name of an environment variable",
    "server/http/auth.py API_TOKEN": "the name of an environment variable",
    "server/ledger BEGIN COMMIT ROLLBACK ASC DESC NULL S24": "words of SQL and numpy",
    "server/tuning COMPLETE PRUNED": "states of an optuna trial",
    "server/deck/local.py SC_PAGE_SIZE": "the name of a system setting",
}
"""Capital words that are no code: a path, or a path and the words, with the reason."""


@cache
def terms() -> frozenset[str]:
    return frozenset(entry for entry, _ in entries())


def entries() -> list[tuple[str, str]]:
    """(term, meaning) of every row of the glossary's tables."""
    rows = (line.strip("| ").split(" | ", 1) for line in lines() if line.startswith("| `"))
    return [(term.strip("`"), meaning) for term, meaning in rows]


def lines() -> list[str]:
    return stored_page("glossary").splitlines()


def capital_words(room: str) -> Iterator[tuple[str, str]]:
    """(path, word) of every text in a room that is written as a code, names that a module exports aside."""
    for file in sorted((ROOT / room).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        exported = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            for part in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in exported:
                if CODE.fullmatch(node.value):
                    yield file.relative_to(ROOT).as_posix(), node.value


def is_code(path: str, word: str) -> bool:
    for where in NOT_CODES:
        place, *words = where.split()
        if path.startswith(place) and (not words or word in words):
            return False
    return True


def columns() -> set[str]:
    """The titles of all columns of the deck's tables: the first argument of every ``Column``."""
    found = set()
    for file in (ROOT / "tui").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).split(".")[-1] in ("Column", "_column")
                and node.args
            ):
                title = node.args[0]
                if isinstance(title, ast.Constant) and title.value:
                    found.add(" ".join(str(title.value).split()))
    return found


def test_every_code_of_core_and_server_is_explained() -> None:
    found: dict[str, str] = {}
    for room in ("core", "server"):
        found |= {word: path for path, word in capital_words(room) if is_code(path, word)}
    assert len(found) > 120, "the search finds the codes"
    missing = {word: path for word, path in found.items() if word not in terms()}
    assert missing == {}, "a line in tui/guide/glossary.md, or in NOT_CODES here with the reason"


def test_codes_that_are_put_together_are_explained() -> None:
    assert {f"MODE_{mode}" for mode in Mode if mode is not Mode.ACTIVE} <= terms()
    assert "REGIME_MISMATCH" in terms()


def test_every_column_is_explained() -> None:
    found = columns()
    assert {"mark age", "code or outcome, net $", "R against the rest", "usual gap"} <= found
    assert sorted(found - terms()) == []


def test_every_component_size_factor_and_metric_is_explained() -> None:
    record = fake_deck.record()
    assert record.size is not None
    names = {part.name for part in record.verdict.components}
    names |= {fmt.words(factor) for factor in record.size.factors} | set(size._SHORT.values())
    names |= {card.name.strip() for card in CARDS}
    assert sorted(names - terms()) == []


def test_an_entry_is_one_plain_line_and_no_section_has_it_twice() -> None:
    for term, meaning in entries():
        assert meaning.endswith(".") and "|" not in meaning, term
        assert len(meaning) <= LONGEST, f"{term}: {len(meaning)} characters"
    section: Counter[str] = Counter()
    for line in lines():
        if line.startswith("## "):
            section.clear()
        elif line.startswith("| `"):
            section[line.split(" | ", 1)[0]] += 1
            assert max(section.values()) == 1, line


def test_no_exception_is_left_over() -> None:
    seen = {(path, word) for room in ("core", "server") for path, word in capital_words(room)}
    for where in NOT_CODES:
        place, *words = where.split()
        here = {word for path, word in seen if path.startswith(place)}
        assert here, where
        assert set(words) <= here, where
