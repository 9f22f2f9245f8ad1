"""`gatedeck mcp`: let an assistant read the ledger and the engine, over standard input and output."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from server.config import ConfigError
from tui.cli.client import engine_client
from tui.cli.console import ledger_of
from tui.cli.mcp_sources import EngineFacts, Facts, LedgerFacts


def serve(*, db: str | None, url: str | None, config: Path | None) -> int:
    """Answer an assistant until it closes standard input.

    Raises ConfigError without the SDK, and for a ledger and an address at once.
    """
    if find_spec("mcp") is None:
        raise ConfigError("mcp: it needs the MCP SDK, an extra: install it with `uv sync --extra mcp`")
    if db is not None and url is not None:
        raise ConfigError("db: give either --db, a ledger file, or --url, a running engine")
    from tui.cli.mcp_server import mcp_server

    engine = EngineFacts(engine_client(url=url, author=None, config=config, commands=False))
    facts: Facts = engine if url is not None else LedgerFacts(ledger_of(db, config), engine)
    mcp_server(facts).run("stdio")
    return 0
