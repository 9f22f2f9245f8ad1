"""Every command of the guide's pages and the README is run, in their order, in a sandbox.

A block of commands runs by bash, as a reader would paste it. Its programs are the machine's own or those of
``STAND_INS``; another one is not found, and the block fails. Each command in a sentence is looked up in the program.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from core.rules import parse_rules
from server.config import load_settings
from tests.e2e.guide.blocks import KINDS, ROOT, Block, blocks, inline_commands
from tests.e2e.guide.sandbox import REAL, Sandbox
from tests.e2e.guide.stand_ins import STAND_INS
from tests.server.http.certificates import needs_openssl
from tests.server.http.proxies import needs_nginx
from tui.cli.typer_app import app
from tui.commands.keymap import load_keymap

BLOCKS = blocks()
COMMANDS = [block for block in BLOCKS if block.kind == "sh"]
EXPECTED = {
    ("vps", "gatedeck service install --system"): r"gatedeck\.service written(?s:.*)✓ secret",
    (
        "vps",
        "gatedeck send saty-phase --url https://deck.example.com",
    ): r"saty-phase: accepted(?s:.*)SATY_PHASE SPY",
    (
        "vps",
        "curl --silent --show-error --fail https://deck.example.com/readyz",
    ): r'^\{"status":"ready"\}401$',
    ("vps", "grep tradingview /etc/gatedeck/config.toml"): r'tradingview = "[0-9a-f]{48}"',
    ("operations", "gatedeck status"): r"✓ engine(?s:.*)active",
    ("operations", "journalctl --unit gatedeck --since today"): r"refused request(?s:.*)Mode is REDUCING",
    ("operations", "openssl rand -hex 24"): r"^[0-9a-f]{48}$",
    ("feeds", "gatedeck send --print bar --template tradingview"): r"\{\{close\}\}",
    ("feeds", "gatedeck demo --feed tradier"): r"decisions",
    (
        "stream",
        "curl --silent --no-buffer 'http://127.0.0.1:8787/api/stream?events=decision,fill,exit'",
    ): r"retry: \d+",
    ("README", "uv run gatedeck run --practice"): r"signals: accepted TRADINGVIEW_SIGNAL SPY → ",
}
"""What a block prints, where that is what the reader is told to look for; every block must end with 0."""
WIDEST = 76
PROGRAM = typer.main.get_command(app)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield made
    made.close()


def run(sandbox: Sandbox, page: str) -> list[str]:
    """Run every block of a page and return what each printed."""
    told = []
    for block in (block for block in BLOCKS if block.page == page):
        if block.kind != "sh":
            sandbox.write(block)
            continue
        done = sandbox.run(block)
        assert done.code == 0, f"{block.text}\nends with {done.code}:\n{done.out}"
        for (named, begins), expected in EXPECTED.items():
            if named == page and block.first.startswith(begins):
                assert re.search(expected, done.out), f"{block.text}\nprints\n{done.out}"
        told.append(done.out)
    return told


@needs_openssl
@needs_nginx
def test_a_server_is_set_up_and_kept_by_the_pages(sandbox: Sandbox) -> None:
    run(sandbox, "vps")
    calls = sandbox.calls()
    assert any(call.startswith("ufw allow 443/tcp") for call in calls)
    config = (sandbox.folder / "etc/gatedeck/config.toml").read_text()
    secret = re.findall(r'tradingview = "(\w+)"', config)[0]
    told = run(sandbox, "operations")
    assert (sandbox.folder / "var/backups/gatedeck/gatedeck.db").is_file()
    assert (sandbox.folder / "laptop/gatedeck-backup/config.toml").read_text() == config
    assert (sandbox.folder / "new/etc/gatedeck/config.toml").read_text() == config
    logs = [
        path.read_text()
        for path in (*(sandbox.folder / "var/log").rglob("*.log"), sandbox.folder / "run/gatedeck.out")
    ]
    assert secret not in "".join(told) + "".join(logs)


@needs_openssl
@pytest.mark.parametrize("page", sorted({block.page for block in COMMANDS} - {"vps", "operations"}))
def test_the_commands_of_a_page_run(sandbox: Sandbox, page: str) -> None:
    run(sandbox, page)


def has_no_mistake(file: Path) -> None:
    assert not load_keymap(file).problems


FILES: dict[tuple[str, str], Callable[[Path], object]] = {
    ("rules", "[market]"): lambda file: parse_rules(file.read_text()),
    ("feeds", 'feeds = ["tradier", "twelvedata", "webhook"]'): lambda file: load_settings({}, file),
    ("operations", "[webhook_secret]"): lambda file: load_settings({}, file),
    ("keys", 'ExitPosition = "w"'): has_no_mistake,
    ("README", "[market]"): lambda file: parse_rules(file.read_text()),
    ("README", 'ExitPosition = "w"'): has_no_mistake,
    ("README", 'webhook_secret = "for every source without its own"'): lambda file: load_settings({}, file),
    ("README", 'notify_quiet = "22:00-07:00 America/New_York"'): lambda file: load_settings({}, file),
}
"""What reads each file that the pages show."""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page}: {block.first[:40]}")
def test_a_block_is_commands_or_a_file_that_is_read_or_neither(block: Block, tmp_path: Path) -> None:
    assert block.kind in KINDS, f"say what it is: ```{' or ```'.join(KINDS)}"
    if block.kind == "sh" and block.page != "README":
        assert max(map(len, block.text.splitlines())) <= WIDEST, (
            "a terminal of 80 columns would break the line"
        )
    if block.kind == "toml":
        file = tmp_path / "file.toml"
        file.write_text(block.text)
        tomllib.loads(block.text)
        FILES[block.page, block.first](file)
    if block.kind == "json":
        (server,) = json.loads(block.text)["mcpServers"].values()
        exists(" ".join((server["command"], *server["args"])))
    if block.kind == "text":
        assert not re.search(rf"(?m)^\s*({'|'.join((*STAND_INS, *REAL))}) ", block.text), (
            "these are commands: ```sh"
        )


def exists(command: str) -> None:
    """Assert that the program has this command, and the command these options."""
    found: Any = PROGRAM
    words = command.partition(" | ")[0].split()[1:]
    while words and words[0] in getattr(found, "commands", {}):
        found, words = found.commands[words[0]], words[1:]
    assert found is not PROGRAM or words[0].startswith("-"), command
    options = {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        assert not word.startswith("-") or word.partition("=")[0] in options | {"--help"}, command


@pytest.mark.parametrize(("page", "command"), sorted(set(inline_commands())))
def test_a_command_in_a_sentence_exists(page: str, command: str) -> None:
    exists(command)


def test_a_program_that_no_test_knows_is_not_found(sandbox: Sandbox) -> None:
    assert sandbox.run(Block("vps", "sh", "dig deck.example.com\n")).code == 127


@pytest.mark.slow
def test_the_package_is_built_installed_and_has_its_pages(tmp_path: Path) -> None:
    """The words of uv that its stand-in takes, run for real."""
    subprocess.run(["uv", "build", "--quiet", "--wheel", "--out-dir", str(tmp_path)], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("gatedeck-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"server/deploy/nginx.conf", "server/deploy/Caddyfile", "tui/guide/vps.md"} <= set(names)
    folders = {"UV_TOOL_DIR": f"{tmp_path}/opt", "UV_TOOL_BIN_DIR": f"{tmp_path}/bin"}
    words = ["uv", "tool", "install", "--quiet", "--reinstall", "--python", sys.executable, str(wheel)]
    subprocess.run(words, check=True, env=os.environ | folders)
    done = subprocess.run(
        [f"{tmp_path}/bin/gatedeck", "guide", "vps", "--file", "nginx"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "proxy_pass http://127.0.0.1:8787;" in done.stdout
