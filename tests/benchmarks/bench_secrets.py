"""Time of a comparison with the secrets: the same, however much of one was guessed.

Run ``python tests/benchmarks secrets``. A difference would let a sender find a secret piece by piece. The test
``test_access_table.py`` checks the cause (every secret is compared, by its digest); this prints the effect.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator

from server.config import load_settings
from server.http.credentials import WEBHOOKS, Credentials, webhook_credentials
from server.runtime.credentials import CredentialLog
from tests.benchmarks.table import Row, alternate

SECRET = "a-secret-of-the-usual-length-0123456789"
GUESSES = {
    "all but its last character": f"{SECRET[:-1]}x",
    "its first half": SECRET[: len(SECRET) // 2] + "x" * (len(SECRET) - len(SECRET) // 2),
}
NOTHING = "x" * len(SECRET)
BODY = b'{"ticker": "SPY"}' * 40
RUNS = 41


def rows() -> Iterator[Row]:
    """Yield the time with a part guessed, against that with nothing guessed."""
    settings = load_settings({"webhook_secret": {"old": SECRET, "new": SECRET[::-1]}})
    known = Credentials(webhook_credentials(settings), WEBHOOKS, CredentialLog())
    right = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    signatures = {"all but its last digit": right[:-1] + ("0" if right[-1] != "0" else "1")}
    for what, guess in GUESSES.items():
        yield _row(f"a secret guessed to {what}", _given(known, guess), _given(known, NOTHING))
    for what, guess in signatures.items():
        yield _row(f"a signature guessed to {what}", _signed(known, guess), _signed(known, "x" * len(right)))


def _given(known: Credentials, guess: str) -> Callable[[], object]:
    return lambda: known.given((guess,))


def _signed(known: Credentials, guess: str) -> Callable[[], object]:
    return lambda: known.signed((guess,), BODY)


def _row(work: str, near: Callable[[], object], far: Callable[[], object]) -> Row:
    ours, peer = alternate(near, far, runs=RUNS)
    return Row(work, f"{ours * 1e6:.2f} µs", f"nothing guessed {peer * 1e6:.2f} µs", peer / ours, "1 ± .03 ×")
