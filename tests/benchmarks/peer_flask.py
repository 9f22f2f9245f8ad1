"""A TradingView webhook bot as they are commonly written: Flask, one SQLite commit per webhook, JSON back.

Served by gunicorn as ``peer_flask:app``; the database is named by the environment. It is treated well: no
order is sent, the database is in write-ahead mode, and its connection is kept from request to request.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from datetime import UTC, datetime

from flask import Flask, Response, jsonify, request

app = Flask(__name__)
_local = threading.local()
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS alerts (id INTEGER PRIMARY KEY, received_at TEXT, symbol TEXT, body TEXT)"
)


def _database() -> sqlite3.Connection:
    found: sqlite3.Connection | None = getattr(_local, "connection", None)
    if found is None:
        found = _local.connection = sqlite3.connect(os.environ["PEER_DATABASE"], timeout=30)
        found.execute("PRAGMA journal_mode = WAL")
        found.execute("PRAGMA synchronous = FULL")
        found.execute(_SCHEMA)
    return found


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
