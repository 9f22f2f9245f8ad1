"""Origins of the settings: which source the value of each was taken from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

Origin = Literal["default", "file", "environment", "credential", "flag"]


def origins_of(
    names: Mapping[str, Any], flags: Mapping[str, Any], file: Mapping[str, Any], prefix: str
) -> dict[str, Origin]:
    """Return where the value of each setting comes from, in the order in which the sources are asked."""
    variables = {name.upper() for name, value in os.environ.items() if value}
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    found: dict[str, Origin] = {}
    for name in names:
        variable = f"{prefix}{name}".upper()
        if name in flags:
            found[name] = "flag"
        elif any(each == variable or each.startswith(f"{variable}__") for each in variables):
            found[name] = "environment"
        elif folder and (Path(folder) / name).is_file():
            found[name] = "credential"
        else:
            found[name] = "file" if name in file else "default"
    return found
