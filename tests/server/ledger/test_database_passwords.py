"""A password in the URL of a database is shown nowhere, however it is written there, and whatever goes wrong."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from server.config import load_settings
from server.ledger.address import DatabaseLedger, ledger_address
from server.ledger.base import LedgerError
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.snapshot import LedgerSnapshot
from tests.server.ledger.databases import new_cluster
from tui.cli.console import ledger_of

pytest.importorskip("psycopg", reason="the postgres extra is not installed")

from server.ledger.postgres.state import describe

SECRET = "hunter2"
URLS = (
    "postgresql://u:{}@127.0.0.1:1/x",
    "postgresql://:{}@127.0.0.1:1/x",
    "postgresql://u:a@{}@127.0.0.1:1/x",
    "postgresql://u:a/{}@127.0.0.1:1/x",
    "postgresql://u:a#{}@127.0.0.1:1/x",
    "postgresql://u:a?{}@127.0.0.1:1/x",
    "postgresql://u:%zz{}@127.0.0.1:1/x",
    "postgresql://u:{}@127.0.0.1:one/x",
    "postgresql://u:{}@127.0.0.1:1,127.0.0.1:2/x",
    "postgresql://127.0.0.1:1/x?password={}",
    "postgresql://127.0.0.1:1/x?user=u&password={}&unknown=1",
    "postgresql://127.0.0.1:1/x?PASSWORD={}",
    "postgresql://127.0.0.1:1/x?sslpassword=%zz{}",
)


@pytest.mark.parametrize("url", URLS)
async def test_no_error_shows_a_password(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    url = url.format(SECRET)
    address = ledger_address(url, "engine-1")
    assert isinstance(address, DatabaseLedger) and SECRET not in f"{address} {address!r}"
    shown = [load_settings({"db": url}, None).database_shown, str(ledger_of(url, None))]
    for read in (LedgerSnapshot, describe):
        with pytest.raises(LedgerError) as error:
            read(address)
        shown += traceback.format_exception(error.value)
    for way in (open_to_write(address, "engine-1"), open_to_read(address)):
        with pytest.raises(LedgerError) as error:
            await way
        shown += traceback.format_exception(error.value)
    warned = capsys.readouterr().err
    assert "list of processes" in warned and "~/.pgpass" in warned
    assert SECRET not in "".join(shown) + warned


@pytest.mark.parametrize("url", ["postgresql://u@h:5432/x", "postgresql:///x?host=/run", "ledger.db"])
def test_an_address_without_a_password_is_shown_as_it_is(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert str(ledger_of(url, None)) == url and not capsys.readouterr().err


@pytest.mark.slow
async def test_the_password_is_read_where_psql_reads_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with new_cluster(password=SECRET) as cluster:
        address = DatabaseLedger(cluster.url, "engine-1")
        with pytest.raises(LedgerError, match="no password supplied"):
            await open_to_write(address, "engine-1")
        kept = tmp_path / "pgpass"
        kept.write_text(f"127.0.0.1:*:*:*:{SECRET}\n")
        kept.chmod(0o600)
        for name, value in (("PGPASSFILE", str(kept)), ("PGPASSWORD", SECRET)):
            with monkeypatch.context() as patch:
                patch.setenv(name, value)
                await (await open_to_write(address, "engine-1")).close()
                await (await open_to_read(address)).close()
        wrong = DatabaseLedger(cluster.url.replace("postgres@", f"postgres:{SECRET}x@"), "engine-1")
        with pytest.raises(LedgerError, match="password authentication failed") as error:
            await open_to_write(wrong, "engine-1")
        assert SECRET not in str(error.value)
