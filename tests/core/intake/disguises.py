"""One body in the forms in which real senders post it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final


def with_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: with_strings(held) for key, held in value.items()}
    if isinstance(value, list):
        return [with_strings(held) for held in value]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


DISGUISES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "plain": lambda body: json.dumps(body),
    "wrapped": lambda body: json.dumps({"text": json.dumps(body)}),
    "leading_line": lambda body: f"Alert on {body.get('ticker', 'chart')}\n{json.dumps(body)}",
    "strings": lambda body: json.dumps(with_strings(body)),
    "nan": lambda body: json.dumps({**body, "plot_3": float("nan")}),
    "pretty": lambda body: "\ufeff" + json.dumps(body, indent=2).replace("\n", "\r\n"),
    "hostile": lambda body: json.dumps({**body, "comment": "\x1b]52;c;aGk=\x07[@click=quit]\u202egnol"}),
}
"""Forms in which real senders post the same body; each must parse to the same update."""
