"""Every picture belongs to a test that compares it; processes that share a run cannot count the unused ones."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("__snapshots__")


def test_every_picture_belongs_to_a_test_that_compares_it(request: pytest.FixtureRequest) -> None:
    config = request.config
    if config.option.keyword or any("::" in argument for argument in config.args):
        pytest.skip("some tests of a module are left out")
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    comparing = {(item.path.stem, item.name) for item in items if "snap_compare" in item.fixturenames}
    selected = {module for module, _ in comparing}
    unused = [
        f"{picture.parent.name}/{picture.name}"
        for picture in FOLDER.rglob("*.svg")
        if picture.parent.name in selected and (picture.parent.name, picture.stem) not in comparing
    ]
    left = [folder.name for folder in FOLDER.iterdir() if not (FOLDER.parent / f"{folder.name}.py").exists()]
    assert not unused and not left
