"""Record what the engine does to its files: a small library, compiled here, that it is started with."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import orjson
import pytest

SOURCE = Path(__file__).with_name("recorder.c")
HEADER = struct.Struct("<IIqqQII")


class Kind(IntEnum):
    """The kinds of calls, numbered as in recorder.c."""

    OPEN = 1
    CLOSE = 2
    WRITE = 3
    TRUNCATE = 4
    SYNC = 5
    SYNCED = 6
    RENAME = 7
    UNLINK = 8
    MAKE_FOLDER = 9
    SEND = 10


@dataclass(frozen=True, slots=True)
class Call:
    """One call: ``offset`` is where a write begins or a new length, ``data`` what is written, a path or an answer."""

    kind: Kind
    process: int
    file: int
    offset: int
    data: memoryview

    @property
    def text(self) -> str:
        return bytes(self.data).decode()


def compiled(folder: Path) -> Path:
    """Return the compiled library; skips where it cannot be compiled or preloaded."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("recording an engine's writes takes Linux and a C compiler (cc)")
    library = folder / "recorder.so"
    made = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"{compiler} cannot compile {SOURCE.name}: {made.stderr.strip()}")
    return library


def variables(library: Path, folder: Path, log: Path | None = None) -> dict[str, str]:
    """Return the environment in which the files of a folder are recorded, to ``log`` if there is one."""
    wanted = {"LD_PRELOAD": str(library), "RECORDER_FOLDER": str(folder.resolve())}
    return wanted if log is None else wanted | {"RECORDER_LOG": str(log)}


def calls(log: Path) -> Iterator[Call]:
    """Yield the recorded calls in order."""
    with log.open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    at = 0
    while at < len(data):
        kind, process, descriptor, offset, _, length, _ = HEADER.unpack_from(data, at)
        at += HEADER.size
        yield Call(Kind(kind), process, descriptor, offset, data[at : at + length])
        at += length


def answered(call: Call) -> dict[str, Any] | None:
    """Return what a sender was told if a call answers a webhook with 200, else ``None``."""
    if call.kind is not Kind.SEND:
        return None
    head, _, body = bytes(call.data).partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        return None
    told = orjson.loads(body) if body.startswith(b"{") else None
    return told if isinstance(told, dict) and "receipt_id" in told else None
