"""Ids of receipts: name-based UUIDs (as version 5) of an engine's id and the seq of the input."""

from __future__ import annotations

import hashlib


class ReceiptIds:
    """Makes the ids of one engine's receipts: equal seqs give equal ids, so that a stored id can be checked."""

    def __init__(self, engine_id: str) -> None:
        self._salt = hashlib.sha1(engine_id.encode())

    def of(self, seq: int) -> str:
        """Return the id of the input with this seq."""
        digest = self._salt.copy()
        digest.update(b"%d" % seq)
        h = digest.hexdigest()
        return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-a{h[17:20]}-{h[20:32]}"
