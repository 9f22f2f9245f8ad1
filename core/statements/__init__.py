"""Broker statements and exported trades: read their rows, and match fills to trades.

A book is a set of trades that were not made by this engine. Nothing here reads a file or knows the ledger, and
nothing of a book reaches decisions, risk, metrics or learning.

Read first:

- row.py: ``StatementRow``, one row of a statement in the form that the journal keeps.
- layouts.py: the layouts that are known, each recognised by its columns.
- matching.py: ``match``, which makes trades of rows, first in first out.
"""
