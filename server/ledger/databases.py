"""The modules for a ledger in a database, imported on first use: most ledgers are files."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from server.ledger.base import LedgerError


def database(module: str) -> Any:
    """Return a module of ``server.ledger.postgres``, imported on first use.

    Raises LedgerError where psycopg is not installed.
    """
    try:
        return import_module(f"server.ledger.postgres.{module}")
    except ImportError as error:
        raise LedgerError(
            f"a ledger in PostgreSQL needs psycopg ({error}): pip install 'gatedeck[postgres]'"
        ) from error
