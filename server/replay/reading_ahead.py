"""Read bodies ahead of a replay, in a process of its own.

What a body means depends on nothing but the rules of intake, and to work it out takes most of the time of a replay of
webhooks. So another process reads the bodies of the next inputs while the engine steps the ones before them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from core.engine import Engine
from core.events import Event, Received
from core.intake import IntakeError, canonical_hash, normalise
from core.model import Update
from core.rules.sections import IntakeRules
from server.ledger.chain import JournalRow

LEAST = 5_000
"""Inputs of a journal for which another process is worth its start."""
_BATCH, _BYTES = 256, 1_000_000
"""Inputs whose bodies are handed over at once, and bytes of them after which fewer are."""
_AHEAD = 8
"""Most batches that are handed over and not yet stepped."""

Input = tuple[JournalRow, Event]
_Bodies = Sequence[tuple[str, str | None]]
_Reading = tuple[Update, str | None] | None
"""The meaning of a body, and its canonical hash where duplicates are found by it; ``None`` for a refused one."""
_Readings = Sequence[_Reading]


@contextmanager
def other_process(inputs: int) -> Iterator[Executor | None]:
    """Give a process that works beside this one; ``None`` for a short journal, or on one core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if inputs < LEAST or cores < 2:
        yield None
        return
    pool = _started()
    try:
        yield pool
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _started() -> ProcessPoolExecutor | None:
    """Start the other process; return ``None`` where there is no memory for it or no semaphores."""
    # A copy of this process is there at once; elsewhere than on Linux a copy is not safe.
    how = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    try:
        pool = ProcessPoolExecutor(1, how, _begin)
        with warnings.catch_warnings():
            # numpy's threads do nothing here, and Python 3.12 warns of every thread.
            warnings.simplefilter("ignore", DeprecationWarning)
            pool.submit(os.getpid)
    except (OSError, NotImplementedError, ImportError):
        return None
    return pool


def _begin() -> None:
    """Leave Ctrl+C to the process that started this one, and end when that one is gone, even if it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A thread that was printing when this copy was made would hold the lock of the output for ever.
    sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def read_ahead(inputs: Iterator[Input], engine: Engine, pool: Executor | None) -> Iterator[Input]:
    """Yield inputs as they come; the engine has been given what the body of each one means.

    A body that another process has not read yet is left to the engine, which also refuses what cannot be read.
    """
    return inputs if pool is None else _given(inputs, engine, pool)


def _given(inputs: Iterator[Input], engine: Engine, pool: Executor) -> Iterator[Input]:
    ahead: deque[tuple[list[Input], IntakeRules, Future[_Readings] | None]] = deque()
    batches = _batches(inputs)
    failed: Exception | None = None
    more = True
    while True:
        while more and len(ahead) < _AHEAD:
            try:
                batch = next(batches)
            except StopIteration:
                more = False
            except Exception as error:  # told in its turn, after the inputs before it
                more, failed = False, error
            else:
                rules = engine.rules.intake
                ahead.append((batch, rules, _hand_over(batch, rules, pool)))
        if not ahead:
            break
        batch, rules, future = ahead.popleft()
        readings = _readings(future)
        for row, event in batch:
            if readings is not None and type(event) is Received:
                reading = next(readings)
                if reading is not None:
                    engine.give_reading(event.body, event.endpoint, reading[0], rules, reading[1])
            yield row, event
    if failed is not None:
        raise failed


def _batches(inputs: Iterator[Input]) -> Iterator[list[Input]]:
    """Yield inputs in batches; what was read before an error is yielded before it is raised."""
    batch: list[Input] = []
    size = 0
    failed: Exception | None = None
    try:
        for each in inputs:
            batch.append(each)
            size += len(each[0].payload)
            if len(batch) == _BATCH or size >= _BYTES:
                yield batch
                batch, size = [], 0
    except Exception as error:
        failed = error
    if batch:
        yield batch
    if failed is not None:
        raise failed


def _hand_over(batch: list[Input], rules: IntakeRules, pool: Executor) -> Future[_Readings] | None:
    bodies = [(event.body, event.endpoint) for _, event in batch if type(event) is Received]
    if not bodies:
        return None
    try:
        return pool.submit(read_bodies, bodies, rules)
    except BrokenProcessPool:  # the other process was killed
        return None


def _readings(future: Future[_Readings] | None) -> Iterator[_Reading] | None:
    """Return what was read; ``None`` if it is not there yet: to wait takes longer than to read it here."""
    if future is None or not future.done() or future.exception() is not None:
        if future is not None:
            future.cancel()
        return None
    return iter(future.result())


def read_bodies(bodies: _Bodies, rules: IntakeRules) -> _Readings:
    """Return what each body means."""
    return [_read(body, endpoint, rules) for body, endpoint in bodies]


def _read(body: str, endpoint: str | None, rules: IntakeRules) -> _Reading:
    try:
        update = normalise(body, endpoint, rules)
    except IntakeError:
        return None
    told_apart = update.sender_id is not None and update.timestamp is not None
    return update, None if told_apart else canonical_hash(body)
