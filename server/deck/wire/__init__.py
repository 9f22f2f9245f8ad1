"""The wire form of the deck: how an engine's deck reaches a screen in another process.

May not touch: sockets, Textual. The types are those of ``server.deck.rows``; there is no second set of classes.

Read first:
- ``server/deck/wire/asks.py``: what may be asked, with the types of its arguments and its answer
- ``server/deck/wire/flat.py``: a snapshot as flat rows, in which nothing changes by the passing of time alone
- ``server/deck/wire/delta.py``: the difference of two flat snapshots
- ``server/deck/wire/build.py``: the snapshot rebuilt from flat rows, at any later instant
"""
