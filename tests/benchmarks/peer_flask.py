"""A usual TradingView webhook bot: Flask, one SQLite commit per webhook, a JSON answer.

The database is used as in Flask's documentation: opened for a request, closed after it, in SQLite's default mode,
which survives a power failure as gatedeck's ledger does. gunicorn serves it as ``peer_flask:app`` with two
processes of eight threads, more than most bots have. It sends no order.
"""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime

from flask import Flask, Response, g, jsonify, request

app = Flask(__name__)
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS alerts (id INTEGER PRIMARY KEY, received_at TEXT, symbol TEXT, body TEXT)"
)


def _database() -> sqlite3.Connection:
    if "database" not in g:
        g.database = sqlite3.connect(os.environ["PEER_DATABASE"], timeout=30)
        g.database.execute(_SCHEMA)
    database: sqlite3.Connection = g.database
    return database


@app.teardown_appcontext
def _close(_error: BaseException | None) -> None:
    database = g.pop("database", None)
    if database is not None:
        database.close()


@app.post("/api/webhooks/saty-phase")
def webhook() -> tuple[Response, int]:
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        return jsonify({"status": "error", "message": "invalid JSON"}), 400
    symbol = data.get("instrument", {}).get("symbol") or data.get("ticker")
    connection = _database()
    connection.execute(
        "INSERT INTO alerts (received_at, symbol, body) VALUES (?, ?, ?)",
        (datetime.now(UTC).isoformat(), symbol, request.get_data(as_text=True)),
    )
    connection.commit()
    return jsonify({"status": "success", "symbol": symbol}), 200
