"""The ledger in a PostgreSQL database: one schema for each engine, with the tables that a ledger file has.

Needs the extra ``postgres`` (psycopg 3), which is imported only when the address of a database is given.

Read first:
- ``server/ledger/postgres/ledger.py``: the writer; ``reader.py``: the reader
- ``server/ledger/postgres/session.py``: the writing connection, its lock, and what happens when it is lost
- ``server/ledger/postgres/dialect.py``: where PostgreSQL's SQL differs from SQLite's
- ``server/ledger/postgres/schema/postgres.sql``: the tables
"""
