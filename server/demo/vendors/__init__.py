"""Local servers that answer as Tradier, Alpaca and Twelve Data do, for the demo and for tests without a key.

May not touch: the engine; a vendor's server knows a ``MarketSource`` and nothing else of this program.

Read first:
- ``server/demo/vendors/source.py``: the market that the servers show
- ``server/demo/vendors/base.py``: one server: keys, request budget, faults
- ``server/demo/vendors/faults.py``: what can go wrong on the way, as data
- ``server/demo/vendors/tradier.py``, ``alpaca.py``, ``twelvedata.py``: the vendors
"""
