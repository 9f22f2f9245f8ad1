"""Intake: from the text that a sender posts to an ``Update`` with one intent.

Bodies are hostile until they have been cleaned here. The package knows core.model and the intake rules only: no
clock, no engine. Whatever a body contains, it raises IntakeError or nothing.

Read first:

- normalise.py: ``normalise``, one body to one update.
- vocabulary.py: the keys senders use, one row per meaning; a vendor's new key is one word in a row.
- walk.py: the one walk over a body; every key falls into a slot of the vocabulary.
- shapes.py, answers.py: what is remembered of bodies with the same keys, and of those with the same words.
- speech.py, intent.py, change.py: what texts and positions say, and the one intent that follows.
- levels.py, moments.py, symbols.py, options.py, signal.py: the values of a trade.
- body.py, repair.py: the forms in which senders post JSON, and ``split`` for array bodies.
- clean.py, secrets.py: removal of control characters and of secrets.
- detect.py: the marks by which the source of a body is recognised (saty.py, dots.py, strat.py: those of one source).
"""

from core.intake.body import canonical_hash, split
from core.intake.clean import clean
from core.intake.detect import ENDPOINTS, endpoint_source
from core.intake.errors import IntakeError
from core.intake.normalise import normalise
from core.intake.samples import sample
from core.intake.secrets import extract_secrets, remove_known_secrets
from core.intake.vocabulary import vocabulary

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
    "vocabulary",
]
