"""The trading core: pure functions and frozen facts, from a webhook's text to the P&L of a trade.

It may not touch files, sockets, asyncio, threads, the clock, or randomness that it is not given; it imports
neither server nor tui (import-linter checks it). Time, prices and texts come in as events, and what is to be
done goes out as effects, so that a replay of the same events gives the same decisions.

Read first:

- model.py: the facts that all parts share, such as Update, Context, Decision, Reason.
- events.py: the inputs of the engine, one class per kind.
- effects.py: its outputs: requests to store, to ask the market, to answer or to announce.
- engine/engine.py: ``Engine.step``, where all parts meet.
- rules/rules.py: ``Rules``, every number a trader may tune.

The other packages: intake (body to Update), decision (verdict, size), exchange (sessions), options (contracts,
prices, fills), positions (marks, exits, P&L), performance (metrics), learning (suggestions, what-if).
"""
