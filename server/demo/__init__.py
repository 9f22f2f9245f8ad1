"""The demo: a simulated market and simulated senders around the real engine, listener and ledger.

May not touch: anything that the real engine does not use as well; the same seed gives the same journal.

Read first:
- ``server/demo/session.py``: how the demo is put together
- ``server/demo/market.py``: the simulated prices and volatilities
- ``server/demo/senders.py``: the webhooks that are posted
- ``server/demo/drive.py``: minute by minute in virtual time
- ``server/demo/feed.py``: the market as a feed
"""
