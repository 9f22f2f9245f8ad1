"""The ledger's statements as PostgreSQL writes them: placeholders, and the few functions that have other names."""

from __future__ import annotations

import re
from functools import cache

_FRAGMENTS = (
    ("CAST(kind AS BLOB), CAST(payload AS BLOB)", "convert_to(kind, 'UTF8'), payload"),
    ("json_extract(cuts, ?)", "(cuts::json ->> substr(?::text, 3))"),
    ("date(day, 'weekday 0', '-6 days')", "to_char(date_trunc('week', day::date), 'YYYY-MM-DD')"),
    ("json_each(n.tags) t", "json_array_elements_text(n.tags::json) AS t(value)"),
    ("json_each(tags)", "json_array_elements_text(tags::json) AS t(value)"),
    ("instr(", "strpos("),
)
"""Parts of statements as SQLite has them, and as PostgreSQL does."""
_EXPANDED = re.compile(r"\bexpanded\((\w+)\)")
_HOUR = re.compile(r"([\w.]+) / 3600000000 AS hour")
_EXTRACT = re.compile(r"\bjson_extract\(([\w.]+), '\$\.([\w.]+)'\)")


@cache
def translated(sql: str) -> str:
    """Return a statement with ``?`` for each value as PostgreSQL and psycopg accept it."""
    for theirs, ours in _FRAGMENTS:
        sql = sql.replace(theirs, ours)
    # Instants are whole microseconds there, and of a type of their own here.
    sql = _HOUR.sub(r"floor(extract(epoch FROM \1) / 3600)::bigint AS hour", sql)
    # A column that SQLite compresses is plain JSON here.
    sql = _EXPANDED.sub(r"\1", sql)
    sql = _EXTRACT.sub(lambda found: f"({found[1]} #>> '{{{found[2].replace('.', ',')}}}')", sql)
    return sql.replace("%", "%%").replace("?", "%s")
