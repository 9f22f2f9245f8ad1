"""Feeds: where prices, spreads and option chains come from.

May not touch: ``server.deck`` and ``server.http``. A feed reports what it knows and leaves the other fields absent.

Read first:
- ``server/feeds/base.py``: the protocol ``Markets``, the time limit of a request, the ETF of a cash index, no feed
- ``server/feeds/vendor.py`` and ``values.py``: what a vendor is asked and what it gives, a missing value included
- ``server/feeds/http.py``: the one request function: budget, retries, circuit breaker, faults as values
- ``server/feeds/asking.py``: the market of a signal; ``follow.py``: the prices of what is held
- ``server/feeds/twelvedata.py``: a complete vendor; ``registry.py``: how vendors are found
- ``server/feeds/tradier.py`` and ``alpaca.py``: vendors with options and streams; ``streaming.py``: how a stream is
  kept open; ``tradier_*.py`` and ``alpaca_*.py``: one kind of answer each, read without any I/O
- ``server/demo/feed.py``: the simulated market as a feed; ``server/demo/vendors/``: vendors' servers on this machine
- ``core/decision/market_gate.py``: what the engine does with absent and assumed fields
- ``tests/server/feeds/live/``: how all of it is tested without a vendor
"""
