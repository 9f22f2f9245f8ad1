"""From what a sender posts to what it means: ``split``, ``normalise``, ``canonical_hash``, ``clean``."""

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
