"""The sentence that says what stays open when the engine stops."""

from __future__ import annotations

from server.deck.rows import DeckSnapshot

_NAMED = 5


def left_open(snapshot: DeckSnapshot) -> str:
    """Return what stays open while no engine runs, and that nobody watches its stops then."""
    parts = []
    if snapshot.positions:
        count = len(snapshot.positions)
        names = ", ".join(f"{row.contract} × {row.remaining}" for row in snapshot.positions[:_NAMED])
        more = f" and {count - _NAMED} more" if count > _NAMED else ""
        parts.append(f"{count} position{'s' if count > 1 else ''} left open ({names}{more})")
    if snapshot.approvals:
        count = len(snapshot.approvals)
        parts.append(f"{count} trade{'s' if count > 1 else ''} waiting for approval")
    if not parts:
        return "nothing is left open"
    watched = "; nobody watches their stops until the next start" if snapshot.positions else ""
    return " and ".join(parts) + watched
