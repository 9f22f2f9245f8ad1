"""Charts drawn by plotext: one file per chart, one worker thread that builds them, and a cache of the results.

A chart is a frozen value that holds its data (``CumulativeChart``, ``ExcursionsChart`` ...). A pane asks its
``ChartFrame`` for the lines of a chart at a size. The worker builds the figure in its thread, and the frame
repaints its pane when the lines are there. Read ``canvas`` first, then ``worker``, then one of the charts.
"""

from tui.charts.canvas import Canvas, Chart, DrawChart, draw_chart
from tui.charts.worker import ChartFrame, ChartWorker

__all__ = ["Canvas", "Chart", "ChartFrame", "ChartWorker", "DrawChart", "draw_chart"]
