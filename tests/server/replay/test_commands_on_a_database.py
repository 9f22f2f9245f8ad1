"""Every command that takes a ledger takes the URL of a database, and prints of it what it prints of a file."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.migrate import migrate
from server.ledger.snapshot import LedgerSnapshot
from tests.server.ledger.databases import new_database
from tui.cli import main
from tui.cli.mcp_sources import EngineFacts, LedgerFacts
from tui.cli.typer_app import app

pytest.importorskip("psycopg", reason="the postgres extra is not installed")

ALIKE = {
    "verify": ("verify {db}", "verify {ledger} --json"),
    "archive": ("archive {folder} {db}",),
    "report": ("report {db}", "report {db} --json"),
    "import": ("import {db}", "import {db} --json"),
    "learning": ("learning {db}", "learning {db} --json"),
    "export": ("export {db} --what decisions --format jsonl", "export {db} --what trades"),
    "whatif": ("whatif {db} --set market.max_spread_bps=5", "whatif {db} --set market.max_spread_bps=5 --json"),
    "tune": ("tune {db} --study s --trials 1 --storage {storage} --folds 1 --embargo 0",),
    "rules show": ("rules show {db}",),
    "rules diff": ("rules diff {rules} {db}",),
    "replay": ("replay {ledger}", "replay {ledger} --prices {ledger}"),
}  # fmt: skip
"""Ways to call a command that have the same exit code and output with a file and with a database."""
OTHERWISE = {
    "demo": "test_the_demo_writes_a_database",
    "run": "tests/e2e/test_database.py",
    "migrate": "test_migrate.py",
    "ledger": "test_rows_are_counted_and_made_again",
    "rebuild": "test_rows_are_counted_and_made_again",
    "backup": "test_a_copy_of_a_database_is_left_to_its_server",
    "restore": "test_a_copy_of_a_database_is_left_to_its_server",
    "mcp": "test_an_assistant_reads_a_database",
    "attach": "finds the engine by its state folder",
    "stop": "finds the engine by its state folder",
}
"""Commands of which that cannot be said, and where they are tested."""
CHANGING = re.compile(r'"as_of":"[^"]*"|"?(bytes|seconds|\w+[ _]per[ _]second)"?:? *[\d.,]+')


def commands() -> Iterator[tuple[str, Any]]:
    def below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if hasattr(command, "commands"):
            for name, inner in command.commands.items():
                yield from below(inner, (*path, name))
        else:
            yield " ".join(path), command

    yield from below(typer.main.get_command(app), ())


def test_every_command_with_a_ledger_is_in_a_table() -> None:
    found = {name for name, command in commands() if any("--db" in option.opts for option in command.params)}
    assert found == ALIKE.keys() | OTHERWISE.keys() and not ALIKE.keys() & OTHERWISE.keys()


@pytest.fixture(scope="module")
def both(brief: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, DatabaseLedger]]:
    """The brief session in a file and in a database; both may be changed."""
    file = Path(shutil.copy(brief, tmp_path_factory.mktemp("both") / "demo.db"))
    with new_database() as url:
        migrate(file, url)
        yield file, DatabaseLedger(url, "demo")


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEDECK_ENGINE_ID", "demo")
    monkeypatch.setenv("GATEDECK_STATE_DIR", str(tmp_path / "state"))


class Command:
    """Runs a command on a ledger, and returns its exit code, its output and its errors."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._patch, self._capsys, self._folder = patch, capsys, folder

    def alike(self, command: str, address: LedgerAddress) -> tuple[int, str, str]:
        """Return the same without the ledger's name, its size in bytes, and times."""
        code, out, err = self(command, address)
        name = str(address) if isinstance(address, Path) else address.url
        texts = (
            text.replace(name, "LEDGER").replace(str(self._of(address)), "FOLDER") for text in (out, err)
        )
        out, err = (CHANGING.sub("", text) for text in texts)
        return code, out, err

    def _of(self, address: LedgerAddress) -> Path:
        return self._folder / ("file" if isinstance(address, Path) else "database")

    def __call__(self, command: str, address: LedgerAddress) -> tuple[int, str, str]:
        folder = self._of(address)
        folder.mkdir(exist_ok=True)
        (folder / "rules.toml").write_text("[market]\nmax_spread_bps = 9\n")
        ledger = str(address) if isinstance(address, Path) else address.url
        places = {
            "db": f"--db {ledger}", "ledger": ledger, "folder": folder / "archives",
            "rules": folder / "rules.toml", "storage": f"sqlite:///{folder / 'tuning.db'}",
        }  # fmt: skip
        self._patch.setattr("sys.argv", ["gatedeck", *command.format(**places).split()])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        return int(ended.value.code or 0), out, err


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    return Command(monkeypatch, capsys, tmp_path)


@pytest.mark.parametrize("name", ALIKE)
def test_a_command_prints_the_same_of_a_database(
    name: str, command: Command, both: tuple[Path, DatabaseLedger]
) -> None:
    for call in ALIKE[name]:
        code, out, err = command.alike(call, both[0])
        assert out or err, call
        assert command.alike(call, both[1]) == (code, out, err), call


def test_rows_are_counted_and_made_again(command: Command, both: tuple[Path, DatabaseLedger]) -> None:
    def counted(address: LedgerAddress) -> dict[str, int]:
        """Return the rows of each table but those of marks, which a file puts into blocks."""
        code, out, _ = command("ledger {db} --json", address)
        assert code == 0
        tables = {table["name"]: table["rows"] for table in json.loads(out)["tables"]}
        return {
            name: rows for name, rows in tables.items() if name not in ("marks", "mark_blocks", "checkpoints")
        }

    rows = counted(both[0])
    assert rows == counted(both[1]) and rows["journal"] > 100
    code, out, err = command("rebuild {db}", both[1])
    assert code == 0 and re.search(rf"taken over +{rows['journal']}\n", out), err
    assert counted(both[1]) == rows


@pytest.mark.parametrize("name", ["backup", "restore"])
def test_a_copy_of_a_database_is_left_to_its_server(
    name: str, command: Command, both: tuple[Path, DatabaseLedger]
) -> None:
    code, _, err = command(f"{name} {{folder}} {{db}}", both[1])
    assert code == 2 and "pg_dump" in err and "gatedeck migrate FILE" in err


async def test_an_assistant_reads_a_database(both: tuple[Path, DatabaseLedger]) -> None:
    heard = []
    for address in both:
        facts = LedgerFacts(address, EngineFacts(None))  # type: ignore[arg-type]
        found: list[Any] = [
            await facts.page(what, {}, limit=20, cursor=None, order="time")
            for what in ("decisions", "trades", "days")
        ]
        found += [await facts.decision(found[0]["items"][0]["id"]), await facts.report("all", "symbol")]
        found.append(await facts.whatif(["market.max_spread_bps=5"]))
        found[-2].pop("as_of")
        heard.append(json.dumps(found, default=str))
    assert heard[0] == heard[1]


def test_the_demo_writes_a_database(command: Command) -> None:
    with new_database() as url:
        address = DatabaseLedger(url, "demo")
        code, out, err = command("demo --headless --speed max --seconds 2 {db} --json", address)
        assert code == 0, err
        with LedgerSnapshot(address) as ledger:
            (stored,) = next(ledger.query("SELECT count(*) FROM receipts"))
        assert stored == json.loads(out)["receipts"] > 0
