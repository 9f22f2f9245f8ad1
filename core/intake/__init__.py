"""Intake: from the text that a sender posts to an ``Update``.

Bodies are hostile until they have been cleaned here. The package knows core.model only: no rules, no clock, no
engine. Whatever a body contains, it raises IntakeError or nothing.

Read first:

- normalise.py: ``normalise``, one body to one update.
- body.py: the forms in which senders post JSON, and ``split`` for array bodies.
- clean.py: removal of control and invisible characters.
- detect.py: the table of marks by which the source of a body is recognised.
- fields.py: fields that all sources share (signal.py, saty.py, dots.py, strat.py: those of one source).
"""

from core.intake.body import canonical_hash, split
from core.intake.clean import clean
from core.intake.detect import ENDPOINTS, endpoint_source
from core.intake.errors import IntakeError
from core.intake.normalise import normalise
from core.intake.samples import sample
from core.intake.secrets import extract_secrets, remove_known_secrets

__all__ = [
    "ENDPOINTS",
    "IntakeError",
    "canonical_hash",
    "clean",
    "endpoint_source",
    "extract_secrets",
    "normalise",
    "remove_known_secrets",
    "sample",
    "split",
]
