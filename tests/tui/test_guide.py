"""The guide: its pages on the command line and on the deck, and that every path it names is right."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_deck import FakeDeck

from core.rules import describe_rules
from server.config import ConfigError
from tui.app import DeckApp
from tui.cli.guide import guide
from tui.commands.registry import COMMANDS
from tui.commands.user_command import UserCommand
from tui.dialogs import base
from tui.dialogs.guide import GuideDialog
from tui.dialogs.help import HelpDialog
from tui.documents.markdown import markdown_lines
from tui.guide.pages import TOPICS, find_topic, stored_page
from tui.widgets.line import width_of

ROOT = Path(__file__).resolve().parents[2]
NAMES = [topic.name for topic in TOPICS]
QUESTIONS = (
    "Where is a stop moved to break-even?",
    "Where is a webhook's secret checked?",
    "What do I edit to add a key?",
    "What do I edit to add a rule?",
    "What do I edit to add a source of signals?",
    "What do I edit to add a column to the positions table?",
    "Where does theta come from?",
    "What happens on kill -9?",
    "Where are exits ordered?",
    "How do I run one test?",
)
PATH = re.compile(r"(?:core|server|tui|tests|\.github|\.ci)/[\w./-]*")
NAMED = re.compile(rf"`({PATH.pattern}|pyproject\.toml)(?::([\w.]+))?[^`]*`")
WITH_PATHS = {
    "architecture": ROOT / "tui/guide/architecture.md",
    "contributing": ROOT / ".github/CONTRIBUTING.md",
    "readme": ROOT / "README.md",
}


def definitions(file: Path) -> set[str]:
    """Every function, class and assigned name of a file, methods by their own name too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


@pytest.mark.parametrize("name", WITH_PATHS)
def test_every_path_that_a_page_names_exists(name: str) -> None:
    text = WITH_PATHS[name].read_text(encoding="utf-8")
    named = set(NAMED.findall(text)) | {(path, "") for path in PATH.findall(text)}
    assert named, "the page names files"
    missing = sorted(path for path, _ in named if not (ROOT / path.rstrip(".")).exists())
    assert missing == []
    wrong = [
        f"{path}:{function}"
        for path, function in sorted(named)
        if function and not set(function.split(".")) <= definitions(ROOT / path)
    ]
    assert wrong == []


def test_a_newcomers_questions_are_answered_with_a_path() -> None:
    text = re.sub(r"\s+", " ", stored_page("architecture").partition("## Where to find what")[2])
    for question in QUESTIONS:
        answer = text.partition(f"**{question}**")[2].partition("**")[0]
        assert PATH.search(answer), question


@pytest.mark.parametrize("name", NAMES)
def test_a_topic_is_printed_as_markdown_to_a_pipe(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert guide(name) == 0
    out = capsys.readouterr().out
    assert out.startswith("# ") and out == find_topic(name).markdown()


def test_without_a_topic_the_topics_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert guide(None) == 0
    out = capsys.readouterr().out
    assert all(topic.name in out and topic.about in out for topic in TOPICS)


def test_an_unknown_topic_is_refused_with_the_list() -> None:
    with pytest.raises(ConfigError) as refused:
        guide("glosary")
    assert "'glosary'" in str(refused.value)
    assert all(name in str(refused.value) for name in NAMES)


@pytest.mark.parametrize(("topic", "code"), [("glossary", 0), ("nothing", 2)])
def test_the_command_prints_a_topic_or_ends_with_2(gatedeck: Any, topic: str, code: int) -> None:
    done = gatedeck("guide", topic)
    assert done.returncode == code
    assert ("UNSURE" in done.stdout) if code == 0 else ("architecture" in done.stderr)


def test_a_terminal_gets_the_page_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert guide("keys") == 0
    out = capsys.readouterr().out
    assert "|---" not in out and "─" in out


def test_the_page_on_rules_describes_every_rule() -> None:
    text = find_topic("rules").markdown()  # type: ignore[union-attr]
    sections = {part.partition("\n")[0]: part for part in text.split("\n## ")[1:]}
    rules = list(describe_rules())
    assert len(rules) > 150 and text.count("\n- `") == len(rules)
    for rule in rules:
        section, _, name = rule.path.partition(".")
        (item,) = [line for line in sections[section].splitlines() if line.startswith(f"- `{name}` = ")]
        assert rule.unit in item and rule.meaning in item
        assert all(f"{bound:g}" in item for bound in (rule.low, rule.high) if bound is not None)
        assert all(f'"{choice}"' in item for choice in rule.choices)


def test_the_page_on_keys_has_every_command() -> None:
    text = find_topic("keys").markdown()
    assert all(command.help in text for command in COMMANDS)


@pytest.mark.parametrize("width", [60, 68, 94])
@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_a_page_is_wider_than_the_dialog(name: str, width: int) -> None:
    lines = markdown_lines(find_topic(name).markdown(), width)
    assert max(map(width_of, lines)) <= width


def test_markdown_is_drawn_by_its_parts() -> None:
    page = (
        "# Head\n\nSome `code` and **more**,\nwrapped.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| `x` | y |\n"
    )
    lines = markdown_lines(page, 40)
    text = ["".join(part for part, _ in line).rstrip() for line in lines]
    assert text[0].startswith(" Head ─") and text[2] == " Some code and more, wrapped."
    assert text[4:6] == ["  - one", "  - two"] and text[7:] == ["  a  b", "  x  y"]
    assert ("code", "key") in lines[2] and ("more", "strong") in lines[2]


async def test_a_topic_is_read_on_the_deck_and_scrolled() -> None:
    topic = find_topic("architecture")
    assert topic is not None
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(GuideDialog(topic))
        await pilot.pause()
        shown = app.screen.query_one("Document")
        assert "Architecture" in shown.render_line(0).text
        await pilot.press("end")
        assert "Esc closes this" in "".join(shown.render_line(y).text for y in range(shown.size.height))


async def test_tab_turns_the_help_to_the_glossary_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("?")
        await pilot.pause()
        assert isinstance(app.screen, HelpDialog)
        shown = app.screen.query_one("Document")

        def text() -> str:
            return "\n".join(shown.render_line(y).text for y in range(shown.size.height))

        assert "Tab opens the glossary" in text()
        await pilot.press("end", "tab")
        await pilot.pause()
        assert "Tab opens the keys" in text() and "Glossary" in text() and "EXECUTE" in text()
        await pilot.press("tab")
        await pilot.pause()
        assert "Tab opens the glossary" in text()


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.name.startswith("Guide")], ids=lambda c: c.name)
async def test_the_palette_opens_a_topic(command: UserCommand) -> None:
    assert command.palette and not command.keys
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await app.run_action(command.action, default_namespace=app.screen)
        await pilot.pause()
        assert isinstance(app.screen, GuideDialog)
        assert app.screen.topic.name in command.label


def alarm_texts() -> Iterator[tuple[str, list[str]]]:
    """(place, literal parts) of every alarm that is raised where its text stands."""
    for file in sorted((*(ROOT / "server").rglob("*.py"), *(ROOT / "tui").rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Subscript):
                if ast.unparse(target.value).endswith("alarms"):
                    parts = [
                        str(part.value) for part in ast.walk(node.value) if isinstance(part, ast.Constant)
                    ]
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", [part for part in parts if part.strip()]


def test_the_page_on_operations_explains_every_alarm() -> None:
    page = " ".join(stored_page("operations").split())
    missing = []
    for place, parts in alarm_texts():
        runs = [words[n : n + 4] for words in map(str.split, parts) for n in range(max(1, len(words) - 3))]
        if runs and not any(" ".join(run).rstrip(":;,") in page for run in runs):
            missing.append((place, parts))
    assert missing == [] and len(list(alarm_texts())) > 8
