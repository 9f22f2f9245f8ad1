"""Configuration files of the proxies that pass HTTPS from the internet on to the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

from server.config import ConfigError, Settings

DOMAIN = "deck.example.com"
"""Domain that stands in the files."""
UPSTREAM = "127.0.0.1:8787"
"""Engine's address that stands in the files."""
PROXY_FILES: Mapping[str, str] = {"nginx": "nginx.conf", "caddy": "Caddyfile"}
"""Files by the name of their proxy."""

_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")


def proxy_file(name: str, *, domain: str | None, settings: Settings) -> str:
    """Return the file of a proxy for a domain, with the engine's address from the settings.

    Without ``domain`` the example's stays. Raises ConfigError for an unknown proxy, for what is no domain, and for an
    engine that speaks HTTPS itself.
    """
    if name not in PROXY_FILES:
        raise ConfigError(f"file: {name!r} is not one of {', '.join(PROXY_FILES)}")
    if domain is not None and not _DOMAIN.fullmatch(domain):
        raise ConfigError(f"domain: {domain!r} is not a domain such as {DOMAIN}")
    if settings.tls_certificate is not None:
        raise ConfigError(
            "tls_certificate: the engine speaks HTTPS itself; unset it, since the proxy ends HTTPS before the engine"
        )
    text = (resources.files(__package__) / PROXY_FILES[name]).read_text(encoding="utf-8")
    return text.replace(DOMAIN, domain or DOMAIN).replace(UPSTREAM, _upstream(settings))


def _upstream(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}.get(settings.host, settings.host)
    return f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}"
