"""Lists about trades: the trades, the days with their P&L, the notes, and the values to filter by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.model import Direction, ExitReason
from core.notes import TAG, TAG_CUTS
from server.ledger.codec import loads
from server.ledger.filters import (
    ID,
    SEQ,
    Filter,
    Key,
    Listing,
    choice,
    day,
    folded,
    one_of,
    plain_text,
    symbol,
    tag,
)
from server.ledger.sql import Connection
from server.ledger.timestamps import bound, exchange_day, iso

_NUMBER = (int, float)
SORTED: Mapping[str, Key] = {
    "opened": Key("opened_at"),
    "closed": Key("closed_at"),
    "symbol": Key("symbol", str),
    "contract": Key("contract", str),
    "direction": Key("direction", str),
    "setup": Key("setup", str),
    "contracts": Key("contracts"),
    "entry": Key("entry_price", _NUMBER),
    "exit": Key("exit_price", _NUMBER),
    "hold": Key("hold_seconds", _NUMBER),
    "r": Key("r", _NUMBER),
    "net": Key("net", _NUMBER),
    "reason": Key("reason", str),
    "mae": Key("mae", _NUMBER),
    "mfe": Key("mfe", _NUMBER),
    "confidence": Key("confidence", _NUMBER),
    "tags": Key("nullif(tags, '')", str),
}
"""The columns by which trades can be sorted, by the name of the order."""


def _keys(of: Key, *, down: bool) -> tuple[Key, ...]:
    """Return the keys of an order; trades without a value come last, whichever way it is sorted."""
    first, last = (0, 1) if down else (1, 0)
    known = Key(f"CASE WHEN {of.expression} IS NULL THEN {first} ELSE {last} END")
    nothing = "''" if of.kind is str else "0"
    return known, Key(f"coalesce({of.expression}, {nothing})", of.kind), SEQ, ID


def _cut(name: str, text: str) -> tuple[str, str]:
    # Imported on first use: it loads numpy, and a deck in a process of its own reads this module's names.
    from core.performance.cuts import CUTS

    cut, equals, label = plain_text(name, text).partition("=")
    if not equals or cut not in CUTS:
        raise ValueError(
            f"{name}: {text!r} is not a cut, = and a label, as symbol=SPY; cuts: {', '.join(CUTS)}"
        )
    return f"$.{cut}", label


def _twice(name: str, text: str) -> tuple[str, str]:
    return day(name, text), day(name, text)


def _stored_bound(name: str, text: str) -> int:
    return int(bound(name, text))  # whole numbers in every database: the list is sorted by them


def _bound_day(name: str, text: str) -> str:
    return exchange_day(bound(name, text))


def _whole_tag(name: str, text: str) -> str:
    return f" {tag(name, text)} "


def _outcome(closed: str) -> str:
    """Return the outcome of a trade in SQL; it is open while the column ``closed`` is empty."""
    return f"CASE WHEN {closed} IS NULL THEN 'open' WHEN net > 0 THEN 'win' WHEN net < 0 THEN 'loss' ELSE 'flat' END"


_OUTCOME = _outcome("closed_at")
_TAGGED_DAYS = (
    "SELECT n.day FROM notes n, json_each(n.tags) t WHERE n.day IS NOT NULL AND n.removed = 0 AND t.value = ?"
)
_UNTAGGED_DAY = (
    "closed_day NOT IN (SELECT day FROM notes WHERE day IS NOT NULL AND removed = 0 AND tags <> '[]')"
)
TRADES = Listing(
    "trades",
    {
        "symbol": Filter(symbol, "symbol = ?"),
        "direction": Filter(one_of(Direction), "direction = ?"),
        "setup": Filter(plain_text, "setup = ?"),
        "state": Filter(
            choice("open", "closed"), "CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END = ?"
        ),
        "outcome": Filter(choice("win", "loss", "flat", "open"), f"{_OUTCOME} = ?"),
        "reason": Filter(one_of(ExitReason), "reason = ?"),
        "tag": Filter(_whole_tag, "instr(tags, ?) > 0"),
        "tagged": Filter(choice("yes"), "CASE WHEN tags = '' THEN '' ELSE 'yes' END = ?"),
        "untagged": Filter(choice(*TAG_CUTS), f"CASE ? WHEN '{TAG}' THEN tags = '' ELSE {_UNTAGGED_DAY} END"),
        "day_tag": Filter(tag, f"closed_day IN ({_TAGGED_DAYS})"),
        "day": Filter(day, "closed_day = ?"),
        "overnight": Filter(_twice, "opened_day <= ? AND (closed_day IS NULL OR closed_day > ?)"),
        # Trades that are still open belong to every span of days up to today.
        "since": Filter(day, "(closed_day >= ? OR closed_at IS NULL)"),
        "from": Filter(_stored_bound, "closed_at >= ?"),
        "to": Filter(_stored_bound, "closed_at <= ?"),
        "text": Filter(folded, "instr(search, ?) > 0"),
        # A trade from before a cut was kept is one of the rules: no other cut is younger than the table.
        "cut": Filter(
            _cut, "coalesce(json_extract(cuts, ?), CASE WHEN closed_at IS NULL THEN '' ELSE 'rules' END) = ?"
        ),
        "counted": Filter(
            choice("yes"), "CASE WHEN closed_at IS NOT NULL AND stale = 0 THEN 'yes' ELSE '' END = ?"
        ),
        "id": Filter(plain_text, "? IN (id, position_id)"),
    },
    {"time": (SEQ, ID), **{name: _keys(of, down=True) for name, of in SORTED.items()}},
    ascending={name: _keys(of, down=False) for name, of in SORTED.items()},
)
"""Trades, open and closed, newest decision first. ``counted``: closed, and measured by the metrics."""

_PERIODS = """(
  SELECT {start} AS day, sum(opened) AS opened, sum(trades) AS trades, sum(wins) AS wins, sum(losses) AS losses,
         sum(net) AS net, sum(r) AS r, sum(with_r) AS with_r
  FROM (
    SELECT closed_day AS day, 0 AS opened, count(*) AS trades, count(*) FILTER (WHERE net > 0) AS wins,
           count(*) FILTER (WHERE net < 0) AS losses,
           sum(net) AS net, sum(r) AS r, count(r) AS with_r
    FROM trades WHERE closed_day IS NOT NULL GROUP BY closed_day
    UNION ALL
    SELECT opened_day, count(*), 0, 0, 0, 0, 0, 0 FROM trades WHERE opened_day IS NOT NULL GROUP BY opened_day
    UNION ALL
    SELECT day, 0, 0, 0, 0, 0, 0, 0 FROM notes WHERE day IS NOT NULL AND removed = 0 GROUP BY day
  ) AS days GROUP BY 1
) AS periods"""


def _periods(start: str) -> Listing:
    return Listing(
        _PERIODS.format(start=start),
        {"from": Filter(day, "day >= ?"), "to": Filter(day, "day <= ?")},
        {"time": (Key("day", str),)},
        grows=False,
    )


_WEEK, _MONTH = "date(day, 'weekday 0', '-6 days')", "substr(day, 1, 7) || '-01'"
PERIODS: Mapping[str, Listing] = {
    "days": _periods("day"),
    "weeks": _periods(_WEEK),
    "months": _periods(_MONTH),
}
"""Exchange days, weeks (from Monday) and months by their first day, with the sums of the trades closed in them.

Listed are those in which a trade was opened or closed, or that have a note on a day.
"""

NOTES = Listing(
    "notes",
    {
        "position": Filter(plain_text, "position_id = ?"),
        "day": Filter(day, "day = ?"),
        "about": Filter(choice("trade", "day"), "CASE WHEN day IS NULL THEN 'trade' ELSE 'day' END = ?"),
        "tag": Filter(tag, "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)"),
        "text": Filter(folded, "instr(search, ?) > 0"),
        "id": Filter(plain_text, "id = ?"),
        "from": Filter(bound, "at >= ?"),
        "to": Filter(bound, "at <= ?"),
    },
    {"time": (SEQ, ID)},
    "removed = 0",
)


BOOKS = Listing(
    "books", {"book": Filter(plain_text, "book = ?")}, {"time": (SEQ, Key("book", str))}, grows=False
)

_IN_BOOK = Filter(plain_text, "book = ?")
_BOOK_SORTED = {
    **SORTED,
    "opened": Key("opened_day", str),
    "closed": Key("closed_day", str),
    "contracts": Key("contracts", _NUMBER),  # parts of a share
    # A statement has no value of these.
    **dict.fromkeys(("mae", "mfe", "confidence"), Key("NULL", _NUMBER)),
    "tags": Key("NULL", str),
}
_NONE = "'' = ?"
"""A condition that no trade of a book fulfils."""
_NUMBERED = Key("n")


def _book_keys(of: Key, *, down: bool) -> tuple[Key, ...]:
    return (*_keys(of, down=down)[:2], _NUMBERED)


BOOK_TRADES = Listing(
    "book_trades",
    {
        **{name: TRADES.filters[name] for name in ("symbol", "direction", "setup", "day", "text")},
        "book": _IN_BOOK,
        "state": Filter(
            choice("open", "closed"), "CASE WHEN closed_day IS NULL THEN 'open' ELSE 'closed' END = ?"
        ),
        "outcome": Filter(choice("win", "loss", "flat", "open"), f"{_outcome('closed_day')} = ?"),
        "reason": Filter(plain_text, "reason = ?"),
        "overnight": Filter(_twice, "opened_day <= ? AND (closed_day IS NULL OR closed_day > ?)"),
        "since": Filter(day, "(closed_day >= ? OR closed_day IS NULL)"),
        # Some statements have days and no times.
        "from": Filter(_bound_day, "closed_day >= ?"),
        "to": Filter(_bound_day, "closed_day <= ?"),
        "id": Filter(plain_text, "id = ?"),
        "counted": Filter(choice("yes"), "CASE WHEN closed_day IS NULL THEN '' ELSE 'yes' END = ?"),
        "untagged": Filter(choice(*TAG_CUTS), "'' <> ?"),
        "tagged": Filter(choice("yes"), _NONE),
        "tag": Filter(tag, _NONE),
        "day_tag": Filter(tag, _NONE),
        "cut": Filter(plain_text, _NONE),
    },
    {"time": (_NUMBERED,), **{name: _book_keys(of, down=True) for name, of in _BOOK_SORTED.items()}},
    ascending={name: _book_keys(of, down=False) for name, of in _BOOK_SORTED.items()},
    grows=False,
)
"""Trades of one book, the last opened first, with the filters and orders of the engine's trades."""

_BOOK_PERIODS = """(
  SELECT book, {start} AS day, sum(opened) AS opened, sum(trades) AS trades, sum(wins) AS wins,
         sum(losses) AS losses, sum(net) AS net, sum(r) AS r, sum(with_r) AS with_r
  FROM (
    SELECT book, closed_day AS day, 0 AS opened, count(*) AS trades, count(*) FILTER (WHERE net > 0) AS wins,
           count(*) FILTER (WHERE net < 0) AS losses, sum(net) AS net, coalesce(sum(r), 0) AS r, count(r) AS with_r
    FROM book_trades WHERE closed_day IS NOT NULL GROUP BY book, closed_day
    UNION ALL
    SELECT book, opened_day, count(*), 0, 0, 0, 0, 0, 0 FROM book_trades GROUP BY book, opened_day
  ) AS days GROUP BY 1, 2
) AS periods"""


def _book_periods(start: str) -> Listing:
    filters = {"book": _IN_BOOK, "from": Filter(day, "day >= ?"), "to": Filter(day, "day <= ?")}
    return Listing(_BOOK_PERIODS.format(start=start), filters, {"time": (Key("day", str),)}, grows=False)


def _values(column: str) -> Listing:
    used = f"SELECT {column} AS value, count(*) AS trades FROM trades WHERE {column} IS NOT NULL GROUP BY {column}"
    table = f"({used}) AS used"
    return Listing(table, {}, {"time": (Key("trades"), Key("value", str))}, grows=False)


def _book_values(column: str) -> Listing:
    used = (
        f"SELECT book, {column} AS value, count(*) AS trades FROM book_trades WHERE {column} IS NOT NULL"
        f" GROUP BY book, {column}"
    )
    return Listing(
        f"({used}) AS used",
        {"book": _IN_BOOK},
        {"time": (Key("trades"), Key("value", str))},
        grows=False,
    )


IN_BOOKS: Mapping[str, Listing] = {
    "trades": BOOK_TRADES,
    "days": _book_periods("day"),
    "weeks": _book_periods(_WEEK),
    "months": _book_periods(_MONTH),
    "setups": _book_values("setup"),
    "symbols": _book_values("symbol"),
}
"""Lists that ask about a book's trades where the filter ``book`` names one, instead of the engine's."""

_TAGS = """(SELECT t.value AS value, count(DISTINCT n.position_id) AS trades FROM notes n, json_each(n.tags) t
  WHERE n.removed = 0 GROUP BY t.value) AS used"""
VALUES: Mapping[str, Listing] = {
    "setups": _values("setup"),
    "symbols": _values("symbol"),
    "tags": Listing(_TAGS, {}, {"time": (Key("trades"), Key("value", str))}, grows=False),
}
"""Every setup and symbol that was traded, and every tag, each with its number of trades, the most used first."""


def _totals(table: str, closed: str) -> str:
    ended, outcome = f"FILTER (WHERE {closed} IS NOT NULL)", _outcome(closed)
    return f"""SELECT count({closed}) AS closed, count(*) - count({closed}) AS open, sum(net) {ended} AS net,
  count(*) FILTER (WHERE {outcome} = 'win') AS wins, count(*) FILTER (WHERE {outcome} = 'loss') AS losses,
  avg(r) {ended} AS average_r, count(r) {ended} AS with_r FROM {table}"""


TOTALS: Mapping[str, str] = {
    "trades": _totals("trades", "closed_at"),
    "book_trades": _totals("book_trades", "closed_day"),
}
"""Lists whose pages come with sums, and their SQL."""


def trade_totals(connection: Connection, what: str, where: str, values: Sequence[Any]) -> Mapping[str, Any]:
    """Return the sums over every trade that a filter selects, of the closed ones.

    ``win_rate`` is wins over ``closed``, ``average_r`` over the ``with_r`` trades with a planned loss; ``None``
    without any.
    """
    found = connection.execute(TOTALS[what] + where, values).fetchone()
    closed = found["closed"]
    return {
        "closed": closed,
        "open": found["open"],
        "net": round(found["net"] or 0.0, 2) + 0.0,
        "wins": found["wins"] or 0,
        "losses": found["losses"] or 0,
        "win_rate": found["wins"] / closed if closed else None,
        "average_r": found["average_r"],
        "with_r": found["with_r"],
    }


def trade_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the table of trades: prices per share, money in $, ``hold_seconds`` once it is closed."""
    names = (
        "id seq position_id symbol direction contract occ setup state timeframe quality confidence opened_day"
        " closed_day contracts entry_price exit_price hold_seconds r net reason"
    )
    return {name: row[name] for name in names.split()} | {
        "opened_at": iso(row["opened_at"]),
        "closed_at": iso(row["closed_at"]),
        "mae": _cents(row["mae"]),
        "mfe": _cents(row["mfe"]),
        "stale": bool(row["stale"]),
        "tags": row["tags"].split(),
    }


def _cents(value: float | None) -> float | None:
    return None if value is None else round(value, 2) + 0.0


def day_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a day, week or month: its closed trades with net in $ and mean R, and how many trades were opened."""
    return {
        "id": row["day"],
        "day": row["day"],
        "trades": row["trades"],
        "wins": row["wins"],
        "losses": row["losses"],
        "net": round(row["net"], 2) + 0.0,
        "average_r": row["r"] / row["with_r"] if row["with_r"] else None,
        "with_r": row["with_r"],
        "opened": row["opened"],
    }


def note_item(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "seq", "position_id", "day", "text", "author")
    return {name: row[name] for name in names} | {"at": iso(row["at"]), "tags": loads(row["tags"])}


def value_item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["value"], "value": row["value"], "trades": row["trades"]}


NOTED = {"trades": "position_id", "days": "day", "book_trades": "position_id", "book_days": "day"}
"""Lists whose items come with notes, and the column that says whose a note is."""


def add_notes(connection: Connection, items: Sequence[dict[str, Any]], of: str) -> None:
    """Give each item its notes, oldest first; ``of`` is the column that says whose they are, position_id or day."""
    if not items:
        return
    by_key: dict[str, list[dict[str, Any]]] = {item[of]: [] for item in items}
    marks = ", ".join("?" * len(by_key))
    sql = f"SELECT * FROM notes WHERE {of} IN ({marks}) AND removed = 0 ORDER BY seq"
    for row in connection.execute(sql, list(by_key)):
        by_key[row[of]].append(note_item(row))
    for item in items:
        item["notes"] = by_key[item[of]]
