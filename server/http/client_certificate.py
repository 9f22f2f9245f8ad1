"""Client certificates: of the listener's own TLS, or stated by a configured proxy that has checked them.

A certificate is asked for in addition to a secret: TradingView's says that TradingView sent it, not for whom.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from server.config import SUBJECT_PRESETS, ConfigError, Settings
from server.http.problems import Refused
from server.http.remote import Networks

VERIFIED, SUBJECT = "X-SSL-Client-Verify", "X-SSL-Client-S-DN"
"""Headers of the proxy: nginx's ``$ssl_client_verify`` (SUCCESS) and ``$ssl_client_s_dn``."""
_PART = re.compile(r'\s*([A-Za-z0-9.]+)\s*=\s*("(?:[^"\\]|\\.)*"|(?:[^,+\\]|\\.)*)\s*(?:[,+]|$)')
_SHORT = {
    "commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C",
    "stateOrProvinceName": "ST", "localityName": "L",
}  # fmt: skip

Subject = Mapping[str, str]


def parse_subject(text: str) -> Subject:
    """Return the parts of a subject such as ``CN=sender,O=Example\\, Inc.``; empty if it cannot be read."""
    parts: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or found[1].upper() in parts:
            return {}
        bare = found[2].strip()
        bare = bare[1:-1] if bare[:1] == '"' else bare
        parts[found[1].upper()] = re.sub(r"\\(.)", r"\1", bare)
        at = found.end()
    return parts


class CertificateCheck:
    """Checks the subject of a webhook's client certificate; ``wanted`` is empty while none is configured."""

    def __init__(self, settings: Settings) -> None:
        given = settings.client_subject or ""
        self._text = SUBJECT_PRESETS.get(given, given)
        self.wanted = parse_subject(self._text)
        self._proxies = Networks(settings.proxies)
        if self._text and not self.wanted:
            raise ConfigError(
                f"client_subject: {given!r} is neither a subject such as CN=sender,O=Example, nor one of "
                f"{', '.join(SUBJECT_PRESETS)}"
            )

    def check(self, request: web.BaseRequest) -> None:
        """Raise Refused unless the request has a certificate of the wanted subject."""
        stated = self._subject(request)
        if any(stated.get(part) != value for part, value in self.wanted.items()):
            raise Refused(
                "NO_CERTIFICATE",
                f"webhooks need a client certificate of subject {self._text}, by TLS or stated by a configured proxy",
            )

    def _subject(self, request: web.BaseRequest) -> Subject:
        if self._proxies and (request.remote or "") in self._proxies:
            headers = request.headers
            one = len(headers.getall(SUBJECT, ())) == 1 and headers.getall(VERIFIED, ()) == ["SUCCESS"]
            return parse_subject(headers[SUBJECT]) if one else {}
        transport = request.transport
        certificate = transport.get_extra_info("peercert") if transport is not None else None
        parts = (part for group in (certificate or {}).get("subject", ()) for part in group)
        return {_SHORT.get(name, name).upper(): value for name, value in parts}


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Return the TLS of the listener, ``None`` without a certificate. Raises ConfigError."""
    if settings.tls_certificate is None:
        for name in ("tls_key", "client_ca"):
            if getattr(settings, name) is not None:
                raise ConfigError(f"{name}: has no effect without tls_certificate")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with _named("tls_certificate", settings.tls_certificate):
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    if settings.client_subject:
        # Optional: a browser or the command line that reads has none. Webhooks are checked one by one.
        context.verify_mode = ssl.CERT_OPTIONAL
        if settings.client_ca is None:
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        else:
            with _named("client_ca", settings.client_ca):
                context.load_verify_locations(settings.client_ca)
    return context


@contextmanager
def _named(setting: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"{setting}: {path} cannot be used: {error.strerror or error}") from None
