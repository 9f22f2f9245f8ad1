"""Frozen dataclasses that are made as fast as others: facts of which several are made for every webhook.

A frozen dataclass sets each field by a call, because its own assignment is refused: 22 fields take 2 µs. Here they
are assigned to an instance of a class with the same slots that is not frozen, which then becomes a frozen one.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


def made_quickly(cls: type[T]) -> type[T]:
    """Return a frozen dataclass with slots, with another ``__init__`` of the same parameters and meaning.

    Raises TypeError for a class that computes something as it is made: a default factory or ``__post_init__``.
    """
    named = fields(cls)  # type: ignore[arg-type]
    if hasattr(cls, "__post_init__") or any(f.default_factory is not MISSING or not f.init for f in named):
        raise TypeError(f"{cls.__name__} computes something as it is made")
    open_class = type(cls.__name__, (), {"__slots__": tuple(f.name for f in named)})
    known: dict[str, Any] = {"_open": open_class, "_frozen": cls, "_become": object.__setattr__}
    parameters = ["self"]
    for keyword_only in (False, True):
        chosen = [f for f in named if bool(f.kw_only) is keyword_only]
        parameters += ["*"] if keyword_only and chosen else []
        for f in chosen:
            known[f"_default_{f.name}"] = f.default
            parameters.append(f.name if f.default is MISSING else f"{f.name}=_default_{f.name}")
    lines = [
        f"def __init__({', '.join(parameters)}):",
        "    _become(self, '__class__', _open)",
        *(f"    self.{f.name} = {f.name}" for f in named),
        "    self.__class__ = _frozen",
    ]
    exec("\n".join(lines), known)
    init = known["__init__"]
    init.__annotations__ = dict(cls.__init__.__annotations__)
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = init  # type: ignore[method-assign]
    return cls
