"""Models of answers, made from the fields of the facts' own classes."""

from __future__ import annotations

from dataclasses import MISSING
from typing import Any, get_type_hints

from pydantic import BaseModel, create_model

from core.learning import Learning, Suggestion
from core.performance import Report

Fields = dict[str, Any]
Model = type[BaseModel]

_LATER = {"Learning": Learning, "Suggestion": Suggestion, "Report": Report}
"""Names that a class of the deck knows only while types are checked."""


def fields_of(fact: type, names: str = "") -> Fields:
    """Return fields of a dataclass or TypedDict for ``model``: all of them, or those named.

    A field with a default may be absent: it was added later, and older ledgers have stored the fact without it.
    """
    hints = get_type_hints(fact, localns=_LATER, include_extras=True)
    optional = {
        spec.name
        for spec in getattr(fact, "__dataclass_fields__", {}).values()
        if spec.default is not MISSING or spec.default_factory is not MISSING
    }
    return {
        name: (hints[name], None) if name in optional else (hints[name], ...)
        for name in names.split() or hints
    }


def always(found: Fields) -> Fields:
    """Return the fields as present in every answer."""
    return {name: (kind, ...) for name, (kind, _) in found.items()}


def model(name: str, doc: str, /, **found: Any) -> Model:
    """Return a model; a field given as a type alone is present in every answer."""
    complete = {key: each if isinstance(each, tuple) else (each, ...) for key, each in found.items()}
    made: Model = create_model(name, __doc__=doc, __module__=__name__, **complete)  # type: ignore[call-overload]
    return made


def page(item: Any, name: str, **more: Any) -> Model:
    """Return one page of a list; ``more`` are its fields beside the items."""
    doc = "One page of a list, newest first. next_cursor is null on the last page."
    return model(f"{name}Page", doc, items=list[item], next_cursor=str | None, **more)
