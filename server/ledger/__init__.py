"""The ledger: the journal of inputs, chained by hash, and the tables that can be rebuilt from it. All SQL is here.

May not touch: ``server.deck`` and ``server.http``.

Read first:
- ``server/ledger/base.py``: the protocol, what a commit promises, and the errors
- ``server/ledger/sqlite.py``: the writer; ``server/ledger/reader.py``: the reader
- ``server/ledger/opening.py`` and ``files.py``: locks, and files that are removed or replaced under a running engine
- ``server/ledger/soundness.py``: what is damaged, and where; ``backup.py``: copies; ``archive.py``: sealed days
- ``server/ledger/mark_store.py``: marks as rows and blocks; ``retention.py``: which of them are removed
- ``server/ledger/rows.py``: effects as rows; ``server/ledger/entries.py``: rows as the API shows them
- ``server/ledger/queries.py``: the filters and orders of a page
- ``server/ledger/schema/sqlite.sql``: the tables
- ``server/ledger/address.py``, ``opened_by_address.py``: a file or a database; ``migrate.py``: from one to the other
- ``server/ledger/postgres``: the ledger in a database; ``sql.py``: what both have in common
"""
