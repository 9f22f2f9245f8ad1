"""Feeds: where prices, spreads and option chains come from.

May not touch: ``server.deck`` and ``server.http``. A feed reports what it knows and leaves the other fields absent.

Read first:
- ``server/feeds/base.py``: the protocol ``Markets``, the time limit of a request, the ETF of a cash index, no feed
- ``server/demo/feed.py``: a complete feed, of the simulated market
- ``core/decision/market_gate.py``: what the engine does with absent and assumed fields
- ``server/runtime/runtime.py``: who asks, and how a reply becomes an input
- ``tests/server/feeds/test_requests.py``: how a feed is tested
"""
