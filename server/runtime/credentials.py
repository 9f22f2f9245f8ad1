"""Uses of the secrets and tokens by name: whoever changes one sees when the old one is used no longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialUse:
    """Use of one secret or token since the start; ``scope`` is webhooks | read | commands."""

    name: str
    scope: str
    count: int = 0
    last_at: datetime | None = None


@dataclass(slots=True)
class _Uses:
    scope: str
    count: int = 0
    last_at: datetime | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class CredentialLog:
    """Counts how often each secret and token was used; lost at a restart."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._uses: dict[str, _Uses] = {}

    def know(self, name: str, scope: str) -> None:
        """Add a credential that was not used yet."""
        self._uses.setdefault(name, _Uses(scope))

    def used(self, name: str, scope: str) -> None:
        """Count one use."""
        uses = self._uses.get(name)
        if uses is None:
            uses = self._uses[name] = _Uses(scope)
        uses.count += 1
        uses.last_at = self._now()

    def rows(self) -> tuple[CredentialUse, ...]:
        """Return all credentials by scope, in the order of the settings."""
        return tuple(
            CredentialUse(name=name, scope=uses.scope, count=uses.count, last_at=uses.last_at)
            for name, uses in self._uses.items()
        )
