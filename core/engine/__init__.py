"""The engine: one step per event, effects out as data.

``Engine.step(event)`` changes the engine's private state and returns effects as data: rows to store,
market requests and notices. The caller performs them. The package joins all other parts of core and therefore
may import any of them; no other part of core imports it. It does no I/O
and reads no clock: an event carries its instant.

Read first:

- engine.py: ``Engine.step`` and the table of handlers, one per kind of event.
- state.py: ``EngineState``, all that the next step depends on; a checkpoint is its JSON.
- kernel.py: ``Kernel``, the state with the rules in force and the indices over it.
- receipts.py: from a webhook's body to a receipt, a context and a question to the market.
- requests.py: exits, reductions and stops that senders ask for; bars.py: the prices of their charts.
- feed_price.py: which price of a feed is used; underlyings.py: halts, dividends, splits and symbols that end.
- decisions.py: from the market's answer to a decision, and entries.py from there to a position.
- listed_contract.py: the contract of an entry, by the chain of a feed.
"""

from core.engine.engine import Engine
from core.engine.state import EngineState

__all__ = ["Engine", "EngineState"]
