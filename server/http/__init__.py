"""The HTTP listener: webhooks in, decisions and pages of the ledger out, commands with a token.

May not touch: the engine itself; everything goes through ``server.runtime.ports`` and ``server.deck``.

Read first:
- ``server/http/app.py``: from a request to its handler
- ``server/http/webhooks.py``: from a body to its answer
- ``server/http/protocol.py`` and ``server/http/direct.py``: the same without a task, for what arrived whole
- ``server/http/auth.py``: where a webhook's secret and a command's token are checked
- ``server/http/api_routes.py``: every address of the API; ``server/http/api.py``: its handlers
- ``server/http/problems.py``: error codes and their status
"""
