"""The text of the package's page: the README with absolute links, for a page that is not in the repository.

The build reads the repository's address from ``[project.urls]`` in pyproject.toml, or in a workflow of GitHub from
the variables that it sets. Without an address the links stay relative, and a page elsewhere shows no pictures.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

try:
    from hatchling.metadata.plugin.interface import MetadataHookInterface  # type: ignore[import-not-found]
except ImportError:  # only a build has it; the tests read the functions
    MetadataHookInterface = object

LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)")


def repository(urls: Mapping[str, str], environ: Mapping[str, str]) -> str | None:
    """Return the address of the repository, ``None`` if nothing says it."""
    if "Repository" in urls:
        return urls["Repository"].rstrip("/").removesuffix(".git")
    if environ.get("GITHUB_REPOSITORY"):
        return f"{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{environ['GITHUB_REPOSITORY']}"
    return None


def page_text(readme: str, address: str | None) -> str:
    """Return the README with each link to a file of the repository made absolute: pictures raw, the rest as pages."""
    if address is None:
        return readme
    return LINK.sub(
        lambda found: f"{found[1]}[{found[2]}]({address}/{'raw' if found[1] else 'blob'}/HEAD/{found[3]})",
        readme,
    )


class PackagePage(MetadataHookInterface):  # type: ignore[misc]
    """Sets the description of the package when it is built."""

    def update(self, metadata: dict[str, Any]) -> None:
        readme = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        address = repository(metadata.get("urls", {}), os.environ)
        metadata["readme"] = {"content-type": "text/markdown", "text": page_text(readme, address)}
