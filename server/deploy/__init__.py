"""Files that put the engine on a server: the sites of nginx and Caddy, and an image, ready to be used as they are.

Read first:

1. ``proxy_files.py``: gives a file for a domain and an engine's address.
2. ``nginx.conf`` and ``Caddyfile``: the files, for deck.example.com and the default port.
3. ``Containerfile``: the image; it is built in a checkout.
"""
