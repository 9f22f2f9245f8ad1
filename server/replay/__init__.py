"""Replay: run past inputs through the same engine in virtual time; nothing is sent and nothing sleeps.

May not touch: the network and the running engine's ledger, other than to read it or rebuild its tables.

Read first:
- ``server/replay/session.py``: one replay, and `gatedeck verify`
- ``server/replay/recorded.py``: a ledger's own journal again
- ``server/replay/rebuilt.py``: a session made from receipts and prices
- ``server/replay/machine.py``: the engine that is fed
- ``server/replay/sources.py``: the files that can be read
"""
