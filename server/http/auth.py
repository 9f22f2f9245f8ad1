"""Access: who may send webhooks, read, and command.

Invariants: every comparison with a secret takes constant time. An endpoint without a secret is open only while no
secret is set at all, the listener is on loopback, and the request comes from this machine itself (not through a
proxy or tunnel, not from a web page of another site). A secret opens the source that a body is read as, whatever
address it was sent to. Commands always need a command token.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aiohttp import HttpVersion11, hdrs, web

from server.config import ENDPOINTS, PREFIX, Settings, check_exposure
from server.http.client_certificate import CertificateCheck
from server.http.credentials import (
    COMMANDS,
    PRICE,
    READ,
    SIGNATURES,
    STANDARD_SIGNATURE,
    WEBHOOKS,
    Credential,
    Credentials,
    StandardHead,
    named,
    webhook_credentials,
)
from server.http.problems import Refused
from server.http.remote import Networks, Sender, is_local_name, is_loopback_address
from server.runtime.credentials import CredentialLog

_PLAIN_KEY = re.compile(r"key=([A-Za-z0-9._~-]+)")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="gatedeck"'}
_WAYS = (
    "?key=, an Authorization: Bearer header, an X-Signature header, the headers of Standard Webhooks, "
    '/w/<secret> before the path or "passphrase" in the body'
)


def bearer(request: web.BaseRequest) -> str | None:
    """Return the token of an ``Authorization: Bearer`` header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


@dataclass(frozen=True, slots=True)
class Admission:
    """A webhook whose sender is known, or is known only once its body has been read.

    ``opens`` are the endpoints that its secrets open, ``None`` all of them. Without any, ``refusal`` is raised
    unless the body's signature (``signed``) or a secret inside the body opens the endpoint.
    """

    opens: frozenset[str] | None = frozenset()
    signed: bool = False
    refusal: Refused | None = None

    @property
    def settled(self) -> bool:
        """Return whether the body's text has no part in the answer to who sent it."""
        return self.refusal is None


EVERYTHING = Admission(None)


@lru_cache(maxsize=64)
def _admission(opens: frozenset[str]) -> Admission:
    return Admission(opens)


class Access:
    """The secrets, tokens and networks that decide who has access; built once at start.

    Raises ConfigError if other machines could send without a secret, or the certificates cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        command_token: str,
        *,
        uses: CredentialLog | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Build from the settings; ``command_token`` is the file's, used if the settings name none."""
        check_exposure(settings)
        log = uses or CredentialLog()
        commands = named("command_token", settings.command_token)
        self._webhooks = Credentials(webhook_credentials(settings), WEBHOOKS, log)
        self._readers = Credentials(named("api_token", settings.api_token), READ, log)
        of_file = (Credential("command_token", command_token),)
        self._commanders = Credentials(commands or of_file, COMMANDS, log, listed=bool(commands))
        self._own = frozenset(name for name in ENDPOINTS if settings.webhook_secrets.get(name))
        self._exposed = settings.exposed
        self._allowed_hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._allow_from = Networks(settings.allow_from)
        self._proxied = bool(settings.proxies)
        self._certificate = CertificateCheck(settings)
        self._now = now

    # --- webhooks ----------------------------------------------------------------------------------------

    def admit(
        self, request: web.BaseRequest, endpoint: str | None, path_secret: str | None, sender: Sender
    ) -> Admission:
        """Let a webhook in by its address and headers; raises Refused when no body could change the answer."""
        if self._allow_from and not self._allowed(sender):
            raise Refused("NOT_ALLOWED", "webhooks are not allowed from this address")
        if self._certificate.wanted:
            self._certificate.check(request)
        if not self._webhooks:
            self._own_machine(
                request, sender, f"set {PREFIX}WEBHOOK_SECRET to accept webhooks from elsewhere"
            )
            return EVERYTHING
        given = self._webhooks.given((path_secret, self._key(request), bearer(request)))
        if given and (admission := self._opened(given, endpoint)) is not None:
            return admission
        headers = request.headers
        signed = STANDARD_SIGNATURE in headers or any(name in headers for name in SIGNATURES)
        refusal = self._unauthorized(endpoint)
        if not any(self._opened((one,), endpoint) for one in self._webhooks.known):
            raise refusal
        if not signed and hdrs.CONTENT_ENCODING in headers:
            raise refusal  # A stranger's body is not decompressed, to look for a secret in it or for anything.
        return Admission(signed=signed, refusal=refusal)

    def verify_signature(
        self, request: web.BaseRequest, admission: Admission, body: bytes, endpoint: str | None
    ) -> Admission:
        """Return the admission settled by a signature of the body as it was sent. Raises Refused."""
        headers = request.headers
        given = self._webhooks.signed([headers[name] for name in SIGNATURES if name in headers], body)
        why = "the signature does not match the body"
        if (head := StandardHead.of(headers)) is not None:
            mistake = head.mistake(self._now())
            if mistake is None:
                given += self._webhooks.signed_standard(head, body)
            else:
                why = mistake
        opened = self._opened(given, endpoint)
        if opened is None:
            raise Refused("UNAUTHORIZED", f"{why}; {self._expected(endpoint)}", _CHALLENGE)
        return opened

    def verify_body_secret(
        self, admission: Admission, given: Sequence[str], endpoint: str | None
    ) -> Admission:
        """Return the admission settled by one of the body's secrets; raises its refusal without one."""
        if admission.refusal is None:
            return admission
        opened = self._opened(self._webhooks.given(given), endpoint)
        if opened is None:
            raise admission.refusal
        return opened

    def verify_source(self, admission: Admission, source: str | None) -> None:
        """Raise Refused unless the secrets open the endpoint of the source that a body is read as.

        ``source`` is ``None`` for a body that cannot be read: it goes into quarantine and has no effect.
        """
        if source is None or admission.opens is None or source in admission.opens:
            return
        what = "price bars" if source == PRICE else f"a body of {ENDPOINTS[source]}"
        raise Refused(
            "UNAUTHORIZED",
            f"this is {what}, which the secret given does not open; {self._expected(source)}",
            _CHALLENGE,
        )

    @property
    def by_source(self) -> bool:
        """Return whether sources have secrets of their own, so that what a body is read as must be checked."""
        return bool(self._own)

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """Every configured secret and token, to be cut out of bodies."""
        groups = (self._webhooks, self._readers, self._commanders)
        return tuple(sorted({one.value for group in groups for one in group.known}, key=len, reverse=True))

    # --- reading and commands ----------------------------------------------------------------------------

    @property
    def reading_is_open(self) -> bool:
        """Return whether this machine may read without a token."""
        return not self._readers and not self._exposed

    @property
    def webhooks_are_open(self) -> bool:
        """Return whether this machine may send webhooks without a secret."""
        return not self._webhooks

    def may_read(self, request: web.BaseRequest) -> None:
        """Raise Refused unless the sender may read; a command token also allows reading."""
        given = (bearer(request),)
        by_token, by_command = self._readers.given(given), self._commanders.given(given)
        if by_token or by_command:
            return
        if self.reading_is_open:
            self._own_machine(request, None, f"set {PREFIX}API_TOKEN to read from elsewhere")
            return
        what = "" if self._readers else f"; no token is set yet, set {PREFIX}API_TOKEN"
        raise Refused("UNAUTHORIZED", f"reading needs an Authorization: Bearer token{what}", _CHALLENGE)

    def may_command(self, request: web.BaseRequest) -> None:
        """Raise Refused unless the request has a command token."""
        if not self._commanders.given((bearer(request),)):
            raise Refused(
                "UNAUTHORIZED",
                f"commands need Authorization: Bearer with {PREFIX}COMMAND_TOKEN, "
                "or with the token in the state folder",
                _CHALLENGE,
            )

    # --- parts of the answer -----------------------------------------------------------------------------

    @staticmethod
    def _opened(given: Sequence[Credential], endpoint: str | None) -> Admission | None:
        """Return what credentials open, ``None`` if not this endpoint; any opens the one that detects sources."""
        if not given:
            return None
        if len(given) == 1:
            one = given[0]
            return _admission(one.opens) if endpoint is None or endpoint in one.opens else None
        opens = frozenset().union(*(one.opens for one in given))
        return _admission(opens) if endpoint is None or endpoint in opens else None

    def _expected(self, endpoint: str | None) -> str:
        """Return which secret an endpoint takes; the same whatever was given."""
        if endpoint is None:
            kind = "the secret of the body's source, or webhook_secret" if self._own else "webhook_secret"
        elif endpoint in self._own:
            kind = f"webhook_secrets.{endpoint}"
        else:
            kind = "webhook_secret"
        return f"{endpoint or 'this address'} takes {kind}, given as {_WAYS}"

    def _unauthorized(self, endpoint: str | None) -> Refused:
        if endpoint is None or any(endpoint in one.opens for one in self._webhooks.known):
            return Refused(
                "UNAUTHORIZED", f"this endpoint needs its secret: {self._expected(endpoint)}", _CHALLENGE
            )
        how = "webhook_secret, which is not set; the configured secrets belong to other endpoints"
        return Refused("UNAUTHORIZED", f"this endpoint needs its secret, given as {how}", _CHALLENGE)

    def _allowed(self, sender: Sender) -> bool:
        # Through a proxy that is not trusted the sender is unknown: that is not this machine.
        hidden = sender.proxied and is_loopback_address(sender.address)
        return sender.address in self._allow_from and not hidden

    @staticmethod
    def _key(request: web.BaseRequest) -> str | None:
        query = request.raw_path.partition("?")[2]
        if not query:
            return None
        plain = _PLAIN_KEY.fullmatch(query)
        # The usual query needs no parsing of the address, which costs more than the rest of the admission.
        return plain[1] if plain is not None else request.query.get("key")

    def _own_machine(self, request: web.BaseRequest, sender: Sender | None, instead: str) -> None:
        """Raise Refused if a request on loopback does not come from this machine itself.

        Any web page can make a browser send to this address (Origin, Sec-Fetch-Site), any host name can point to it
        (Host), and a proxy or tunnel forwards requests of the whole internet to loopback: it adds headers, or is
        named in the settings, or is a plain nginx, which speaks HTTP/1.0.
        """
        headers = request.headers
        host = headers.get(hdrs.HOST, "")
        if not is_local_name(host) and host.partition(":")[0].lower() not in self._allowed_hosts:
            raise Refused(
                "NOT_LOCAL",
                f"without a secret only requests to this machine's own names are accepted; {instead}",
            )
        proxied = sender.proxied if sender is not None else Sender.of(request, Networks(())).proxied
        if self._proxied or proxied or request.version < HttpVersion11:
            raise Refused(
                "NOT_LOCAL", f"without a secret requests through a proxy or tunnel are refused; {instead}"
            )
        origin = headers.get(hdrs.ORIGIN)
        foreign = origin is not None and not is_local_name(origin.partition("://")[2])
        if foreign or headers.get("Sec-Fetch-Site", "").lower() == "cross-site":
            raise Refused("NOT_LOCAL", f"without a secret requests from a web page are refused; {instead}")
