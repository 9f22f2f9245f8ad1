"""Access: who may send webhooks, read, and command.

Invariants: every comparison with a secret takes constant time. An endpoint without a secret is open only while no
secret is set at all, the listener is on loopback, and the request comes from this machine itself (not through a
tunnel, not from a web page of another site). Commands always need the command token.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import hdrs, web

from server.config import ENDPOINTS, PREFIX, Settings, check_exposure
from server.http.problems import Refused
from server.http.remote import FORWARDED, Networks, is_local_name

SIGNATURES = ("X-Signature", "X-Hub-Signature-256")
_PLAIN_KEY = re.compile(r"key=([A-Za-z0-9._~-]+)")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="gatedeck"'}


def matches(given: str, secrets: Sequence[str]) -> bool:
    """Return whether ``given`` is one of ``secrets``; all are compared, each in constant time."""
    raw = given.encode("utf-8", "surrogatepass")
    found = False
    for secret in secrets:
        found |= hmac.compare_digest(raw, secret.encode())
    return found


def matches_any(given: Iterable[str | None], secrets: Sequence[str]) -> bool:
    """Return whether one of several credentials matches; all are compared."""
    found = False
    for credential in given:
        if credential:
            found |= matches(credential, secrets)
    return found


def signed(signature: str, body: bytes, secrets: Sequence[str]) -> bool:
    """Return whether ``signature`` is the hex HMAC-SHA256 of the body, with or without ``sha256=``."""
    hexes = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    return matches(signature.strip().lower().removeprefix("sha256="), hexes)


def bearer(request: web.BaseRequest) -> str | None:
    """Return the token of an ``Authorization: Bearer`` header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


@dataclass(frozen=True, slots=True)
class Admission:
    """A webhook whose sender is known, or is known only once its body has been read.

    ``signature`` is to be checked against the body. With ``refusal`` set the sender gave no secret outside the
    body: unless the body holds one, this is raised.
    """

    signature: str | None = None
    refusal: Refused | None = None


ADMITTED = Admission()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The secrets, tokens and networks that decide who has access; built once at start.

    ``secrets`` by endpoint name, ``any_secret`` for every endpoint without a secret of its own.
    """

    command_token: str
    exposed: bool = False
    secrets: Mapping[str, tuple[str, ...]]
    any_secret: tuple[str, ...] = ()
    api_token: str | None = None
    allowed_hosts: frozenset[str] = frozenset()
    allow_from: Networks

    @classmethod
    def of(cls, settings: Settings, command_token: str) -> Access:
        """Build from the settings. Raises ConfigError if other machines could send without a secret."""
        check_exposure(settings)
        own = {
            name: tuple(secret.get_secret_value() for secret in settings.webhook_secrets.get(name, ()))
            for name in ENDPOINTS
        }
        token = settings.api_token
        return cls(
            command_token=command_token,
            exposed=settings.exposed,
            secrets={name: secrets for name, secrets in own.items() if secrets},
            any_secret=tuple(secret.get_secret_value() for secret in settings.webhook_secret),
            api_token=token.get_secret_value() if token else None,
            allowed_hosts=frozenset(host.lower() for host in settings.allowed_hosts),
            allow_from=Networks(settings.allow_from),
        )

    # --- webhooks ----------------------------------------------------------------------------------------

    def secrets_of(self, endpoint: str | None) -> tuple[str, ...]:
        """Return the secrets of an endpoint; ``None`` is the endpoint that detects the source."""
        return self.secrets.get(endpoint or "", self.any_secret)

    def admit(
        self, request: web.BaseRequest, endpoint: str | None, path_secret: str | None, remote: str
    ) -> Admission:
        """Let a webhook in by its address and headers; raises Refused when no body could change the answer."""
        if self.allow_from and remote not in self.allow_from:
            raise Refused("NOT_ALLOWED", "webhooks are not allowed from this address")
        if not self.any_secret and not self.secrets:
            self._own_machine(request, f"set {PREFIX}WEBHOOK_SECRET to accept webhooks from elsewhere")
            return ADMITTED
        secrets = self.secrets_of(endpoint)
        given = (path_secret, self._key(request), bearer(request))
        if matches_any(given, secrets):
            return ADMITTED
        for header in SIGNATURES:
            if (signature := request.headers.get(header)) is not None:
                return Admission(signature=signature)
        if not secrets:
            how = "a secret that is not set; the configured secrets belong to other endpoints"
            raise Refused("UNAUTHORIZED", f"this endpoint needs its secret, given as {how}", _CHALLENGE)
        how = (
            "?key=, an Authorization: Bearer header, an X-Signature header, /w/<secret> before the path or "
            '"passphrase" in the body'
        )
        refusal = Refused("UNAUTHORIZED", f"this endpoint needs its secret, given as {how}", _CHALLENGE)
        return Admission(refusal=refusal)

    def verify_body_secret(self, admission: Admission, given: Sequence[str], endpoint: str | None) -> None:
        """Raise the admission's refusal unless one of the body's secrets opens the endpoint."""
        if admission.refusal is not None and not matches_any(given, self.secrets_of(endpoint)):
            raise admission.refusal

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """Every configured secret and token, to be cut out of bodies."""
        own = [secret for secrets in self.secrets.values() for secret in secrets]
        tokens = [self.command_token, *([self.api_token] if self.api_token else [])]
        return tuple(sorted({*own, *self.any_secret, *tokens}, key=len, reverse=True))

    def verify(self, signature: str, body: bytes, endpoint: str | None) -> None:
        """Raise Refused unless the signature matches the body."""
        if not signed(signature, body, self.secrets_of(endpoint)):
            raise Refused("UNAUTHORIZED", "the signature does not match the body", _CHALLENGE)

    # --- reading and commands ----------------------------------------------------------------------------

    def may_read(self, request: web.BaseRequest) -> None:
        """Raise Refused unless the sender may read; the command token also allows reading."""
        known = (self.command_token,) if self.api_token is None else (self.command_token, self.api_token)
        if matches(bearer(request) or "", known):
            return
        if self.api_token is None and not self.exposed:
            self._own_machine(request, f"set {PREFIX}API_TOKEN to read from elsewhere")
            return
        what = "" if self.api_token else f"; no token is set yet, set {PREFIX}API_TOKEN"
        raise Refused("UNAUTHORIZED", f"reading needs an Authorization: Bearer token{what}", _CHALLENGE)

    def may_command(self, request: web.BaseRequest) -> None:
        """Raise Refused unless the request has the command token."""
        if not matches(bearer(request) or "", (self.command_token,)):
            raise Refused(
                "UNAUTHORIZED",
                f"commands need Authorization: Bearer with {PREFIX}COMMAND_TOKEN, "
                "or with the token in the state folder",
                _CHALLENGE,
            )

    @staticmethod
    def _key(request: web.BaseRequest) -> str | None:
        query = request.raw_path.partition("?")[2]
        if not query:
            return None
        plain = _PLAIN_KEY.fullmatch(query)
        # The usual query needs no parsing of the address, which costs more than the rest of the admission.
        return plain[1] if plain is not None else request.query.get("key")

    def _own_machine(self, request: web.BaseRequest, instead: str) -> None:
        """Raise Refused if a request on loopback does not come from this machine itself.

        Any web page can make a browser send to this address (Origin), any host name can point to it (Host), and
        a tunnel forwards requests of the whole internet to loopback (forwarding headers).
        """
        headers = request.headers
        host = headers.get(hdrs.HOST, "")
        if not is_local_name(host) and host.partition(":")[0].lower() not in self.allowed_hosts:
            raise Refused(
                "NOT_LOCAL",
                f"without a secret only requests to this machine's own names are accepted; {instead}",
            )
        if any(name in headers for name in FORWARDED):
            raise Refused(
                "NOT_LOCAL", f"without a secret requests through a proxy or tunnel are refused; {instead}"
            )
        origin = headers.get(hdrs.ORIGIN)
        if origin is not None and not is_local_name(origin.partition("://")[2]):
            raise Refused("NOT_LOCAL", f"without a secret requests from a web page are refused; {instead}")
