"""Everything that does I/O: the engine loop, the ledger, feeds, the HTTP listener, settings, demo and replay.

May not touch: ``tui`` and Textual. The trading rules are in ``core``; nothing here decides or prices anything.

Read first:
- ``server/assembly.py``: how one running engine is put together, and in which order it starts and stops
- ``server/runtime/engine_loop.py``: inputs in, commit, effects out
- ``server/ledger/base.py``: the protocol of the ledger
- ``server/deck/protocol.py``: everything that a screen may ask of the engine
- ``server/config.py``: the settings and where they come from
"""
