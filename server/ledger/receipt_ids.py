"""Ids of receipts: UUIDs (version 8) that begin with the seq of the input, then a digest with the engine's id.

They are in the order of arrival, so that the index over them grows at its end: with ids in random order each receipt
would change, and a commit write, a page of its own.
"""

from __future__ import annotations

import hashlib

from server.ledger.chain import RECEIPT_ID


class ReceiptIds:
    """Makes the ids of one engine's receipts: equal seqs give equal ids, so that a stored id can be checked."""

    def __init__(self, engine_id: str) -> None:
        self._salt = hashlib.sha1(engine_id.encode())

    def of(self, seq: int) -> str:
        """Return the id of the input with this seq."""
        h = self._digest(seq)
        return f"{seq >> 16:08x}-{seq & 0xFFFF:04x}-8{h[:3]}-a{h[3:6]}-{h[6:18]}"

    def is_of(self, seq: int, receipt_id: object) -> bool:
        """Return whether an id is that of the input with this seq, in this form or the earlier one."""
        return receipt_id in (self.of(seq), self._earlier(seq))

    def is_in(self, seq: int, payload: bytes) -> bool:
        """Return whether the part of an input that its hash leaves out is its id in this form, and nothing else."""
        at = payload.find(RECEIPT_ID)
        return at >= 0 and payload.startswith(b'%b",' % self.of(seq).encode(), at + len(RECEIPT_ID))

    def _earlier(self, seq: int) -> str:
        """Return the id that earlier versions gave: a UUID of version 5, in no order."""
        h = self._digest(seq)
        return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-a{h[17:20]}-{h[20:32]}"

    def _digest(self, seq: int) -> str:
        digest = self._salt.copy()
        digest.update(b"%d" % seq)
        return digest.hexdigest()
