"""The running engine: one loop that steps the core, stores the result and then delivers it.

May not touch: ``server.deck`` and ``server.http``; both call the runtime, through ``ports``.

Read first:
- ``server/runtime/engine_loop.py``: the order of effects, failed commits, checkpoints
- ``server/runtime/runtime.py``: start and stop, the inputs by name, market requests
- ``server/runtime/ports.py``: what the listener and the deck may ask of the engine, and the two errors
- ``server/runtime/clock.py``: the real clock, an offset clock, and one that a simulation moves
- ``server/runtime/garbage.py``: why no full garbage collection runs during market hours
"""
