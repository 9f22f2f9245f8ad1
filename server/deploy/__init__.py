"""Files that put the engine on a server: the sites of nginx and Caddy, ready to be used as they are.

Read first:

1. ``proxy_files.py``: gives a file for a domain and an engine's address.
2. ``nginx.conf`` and ``Caddyfile``: the files, for deck.example.com and the default port.
"""
