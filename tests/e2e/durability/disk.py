"""A disk as a power cut leaves it: all that was synced, and of what was written since some sectors, in any order.

The calls of a recording are applied one after the other. Names are as strict as POSIX: a new, renamed or deleted name
is on the disk once its folder was synced.
"""

from __future__ import annotations

import random
from pathlib import PurePosixPath

from tests.e2e.durability.recording import Call, Kind

SECTOR = 512
HOWS = ("dropped", "torn", "reordered", "kept")
"""What becomes of the writes that were not synced: none is there; those up to one that is torn; any sectors of any of
them; all of them, as after a kill."""


class File:
    """Bytes on the disk, and the changes since: each with its number, and data at an offset or a new length."""

    def __init__(self) -> None:
        self.synced = bytearray()
        self.pending: list[tuple[int, int, memoryview | None]] = []

    def sync(self, before: int) -> None:
        done = 0
        for number, offset, data in self.pending:
            if number >= before:
                break
            change(self.synced, offset, data)
            done += 1
        del self.pending[:done]


class Folder:
    """A folder; which names are in it is known to the disk."""


Entry = File | Folder | None


def change(content: bytearray, offset: int, data: memoryview | None) -> None:
    """Write data at an offset, or make the content ``offset`` bytes long."""
    end = offset if data is None else offset + len(data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if data is None:
        del content[offset:]
    else:
        content[offset:end] = data


class Disk:
    """The files below one folder, which is on the disk from the beginning."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.names: dict[str, Entry] = {root: Folder()}
        self.synced_names: dict[str, Entry] = dict(self.names)
        self.pending_names: list[tuple[int, dict[str, Entry]]] = []
        self._open: dict[tuple[int, int], str | File] = {}
        self._begun: dict[tuple[int, int], int] = {}

    def take(self, number: int, call: Call) -> str:
        """Apply a call; return what it concerns: the end of a file's name, "names" or "answer"."""
        who = call.process, call.file
        if call.kind is Kind.OPEN:
            self._take_open(number, call)
        elif call.kind is Kind.CLOSE:
            self._open.pop(who)
        elif call.kind is Kind.RENAME:
            old, new = call.text.split("\0")
            self._rename(number, {old: None, new: self.names[old]})
        elif call.kind is Kind.UNLINK:
            self._rename(number, {call.text: None})
        elif call.kind is Kind.MAKE_FOLDER:
            self._rename(number, {call.text: Folder()})
        elif call.kind is not Kind.SEND:
            return self._take_change(number, call)
        return "answer" if call.kind is Kind.SEND else "names"

    def _take_open(self, number: int, call: Call) -> None:
        path = call.text
        found = self.names.get(path)
        if found is None:
            found = File()
            self._rename(number, {path: found})
        if call.offset and isinstance(found, File):
            found.pending.append((number, 0, None))
        self._open[call.process, call.file] = path if isinstance(found, Folder) else found

    def _take_change(self, number: int, call: Call) -> str:
        who = call.process, call.file
        file = self._open[who]
        if call.kind is Kind.SYNC:
            self._begun[who] = number
        elif call.kind is Kind.SYNCED and isinstance(file, str):
            self._sync_names(file, self._begun[who])
        elif call.kind is Kind.SYNCED:
            file.sync(self._begun[who])
        else:
            assert isinstance(file, File)
            file.pending.append((number, call.offset, call.data if call.kind is Kind.WRITE else None))
        return "names" if isinstance(file, str) else self._ending(file)

    def _ending(self, file: File) -> str:
        return next(
            (name.rpartition("/")[2] for name, entry in self.names.items() if entry is file), "deleted"
        )

    def _rename(self, number: int, entries: dict[str, Entry]) -> None:
        self.names.update(entries)
        self.pending_names.append((number, entries))

    def _sync_names(self, folder: str, before: int) -> None:
        left: list[tuple[int, dict[str, Entry]]] = []
        for number, entries in self.pending_names:
            if number < before and all(str(PurePosixPath(name).parent) == folder for name in entries):
                self.synced_names.update(entries)
            else:
                left.append((number, entries))
        self.pending_names = left

    # --- what is there after a cut -------------------------------------------------------------------------

    def cut(self, how: str, rng: random.Random) -> dict[str, bytearray]:
        """Return the files that a power cut leaves now, by their path below the root."""
        upto = self._torn_at(how, rng)
        names = dict(self.synced_names)
        kept_back: set[str] = set()
        for number, entries in self.pending_names:
            if how == "reordered":
                here = kept_back.isdisjoint(entries) and rng.random() < 0.5
            else:
                here = number < upto
            if here:
                names.update(entries)
            else:
                kept_back |= set(entries)
        return {
            name[len(self.root) + 1 :]: self._content(file, how, upto, rng)
            for name, file in names.items()
            if isinstance(file, File) and self._reachable(name, names)
        }

    def now(self) -> dict[str, bytearray]:
        """Return the files as the running system has them."""
        return {
            name[len(self.root) + 1 :]: self._content(file, "kept", 1 << 62, random.Random(0))
            for name, file in self.names.items()
            if isinstance(file, File)
        }

    def _torn_at(self, how: str, rng: random.Random) -> int:
        """Return the number of the first change that is not there, or not whole."""
        if how != "torn":
            return 1 << 62 if how == "kept" else 0
        files = {id(file): file for file in self.names.values() if isinstance(file, File)}
        numbers = [number for number, _ in self.pending_names]
        numbers += [number for file in files.values() for number, _, _ in file.pending]
        return rng.choice(numbers) if numbers else 0

    def _reachable(self, name: str, names: dict[str, Entry]) -> bool:
        folder = str(PurePosixPath(name).parent)
        return folder == self.root or (names.get(folder) is not None and self._reachable(folder, names))

    @staticmethod
    def _content(file: File, how: str, upto: int, rng: random.Random) -> bytearray:
        content = bytearray(file.synced)
        share = rng.choice((0.05, 0.5, 0.5, 0.95))
        for number, offset, data in file.pending:
            if how != "reordered" and number > upto:
                break
            if data is None:
                if number != upto and (how != "reordered" or rng.random() < share):
                    change(content, offset, None)
                continue
            if how != "reordered" and number != upto:
                change(content, offset, data)
                continue
            for sector in range(offset // SECTOR, (offset + len(data) - 1) // SECTOR + 1):
                if rng.random() < share:
                    begin, end = max(offset, sector * SECTOR), min(offset + len(data), (sector + 1) * SECTOR)
                    change(content, begin, data[begin - offset : end - offset])
        if how == "reordered" and len(content) > len(file.synced) and rng.random() < 0.3:
            del content[rng.randrange(len(file.synced), len(content)) :]
        return content
