"""Build charts in one worker thread and keep the latest of them; a frame shows them in its pane."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from tui import fmt
from tui.charts.canvas import Chart, Line, draw_chart

log = logging.getLogger("gatedeck.tui")

KEPT = 64
"""Figures that the cache holds; the one that was not used for the longest time is dropped first."""

Key = tuple[Chart, int, int, str]
"""A chart, its width and height, and the number format; colours are roles, so every theme shares a figure."""

_EXECUTOR = ThreadPoolExecutor(max_workers=1, thread_name_prefix="charts")
"""One thread for the process, because plotext has one figure for the process. It starts with its first job."""


class ChartWorker:
    """Builds the charts that frames ask for, one at a time; for each frame only its newest request."""

    def __init__(self, build: Callable[[Chart, int, int], list[Line]] = draw_chart, kept: int = KEPT) -> None:
        self._build = build
        self._kept = kept
        self._figures: OrderedDict[Key, list[Line]] = OrderedDict()
        self._requests: dict[ChartFrame, Key] = {}
        """The newest request of each frame that waits, oldest frame first."""
        self._running: Key | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def find(self, key: Key) -> list[Line] | None:
        """Return the lines of a chart that has been built, or ``None``."""
        lines = self._figures.get(key)
        if lines is not None:
            self._figures.move_to_end(key)
        return lines

    def request(self, frame: ChartFrame, key: Key) -> None:
        """Build the chart for the frame; a request of the same frame that has not begun is dropped."""
        self._requests[frame] = key
        self._idle.clear()
        self._start_next()

    def withdraw(self, frame: ChartFrame) -> None:
        """Drop the frame's request, if it has not begun."""
        self._requests.pop(frame, None)

    async def idle(self) -> None:
        """Wait until every chart that was asked for has been built."""
        await self._idle.wait()

    def _start_next(self) -> None:
        if self._running is not None:
            return
        if not self._requests:
            self._idle.set()
            return
        self._running = chart, width, height, _ = next(iter(self._requests.values()))
        loop = asyncio.get_running_loop()

        def finished(future: Future[list[Line]]) -> None:
            try:
                loop.call_soon_threadsafe(self._finish, future)
            except RuntimeError:
                log.debug("a chart was finished after the deck had ended")

        _EXECUTOR.submit(self._build, chart, width, height).add_done_callback(finished)

    def _finish(self, future: Future[list[Line]]) -> None:
        """Keep the finished lines, repaint the frames that wait for them, and start the next chart."""
        key, self._running = self._running, None
        assert key is not None
        error = future.exception()
        if error is not None:
            log.error("%s could not be drawn", type(key[0]).__name__, exc_info=error)
        lines = future.result() if error is None else [[(f" chart not drawn: {error!r}", "warn")]]
        if key[3] == number_format():  # else its labels may be in either format
            self._figures[key] = lines
            while len(self._figures) > self._kept:
                self._figures.popitem(last=False)
        frames = [frame for frame, wanted in self._requests.items() if wanted == key]
        for frame in frames:
            del self._requests[frame]
        for frame in frames:
            frame.repaint()
        self._start_next()


class ChartFrame:
    """A place in a widget where a chart is shown: the last one stays until the next has been built.

    ``repaint`` is called on the event loop when a chart that was asked for is there.
    """

    def __init__(self, worker: ChartWorker, repaint: Callable[[], None]) -> None:
        self.repaint = repaint
        self._worker = worker
        self._shown: list[Line] | None = None

    def lines(self, chart: Chart, width: int, height: int) -> list[Line]:
        """Return ``height`` lines: the chart, or while it is being built the one before."""
        if width < 1 or height < 1:
            return []
        key = (chart, width, height, number_format())
        found = self._worker.find(key)
        if found is None:
            self._worker.request(self, key)
            return _in_rows(self._shown or [[(" drawing …", "dim")]], height)
        self._worker.withdraw(self)
        self._shown = found
        return _in_rows(found, height)


def number_format() -> str:
    """Return an example of the number format in use, which tells the formats apart."""
    return fmt.local("1,234.5")


def _in_rows(lines: list[Line], height: int) -> list[Line]:
    return lines[:height] + [[] for _ in range(height - len(lines))]
