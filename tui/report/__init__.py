"""The performance report of a ledger: as text for the terminal, and as one HTML page.

Both are made from ``core.performance.Report``. This package may not compute a metric, read a ledger, or write a
file: ``tui/cli/report.py`` does the reading and writing.

Read first:

1. ``text.py``: the report as lines of text.
2. ``html.py``: the report as an HTML page.
3. ``svg.py``: the charts of that page.
4. ``../metric_format.py``: the text of a metric, the same here and on the screens.
5. ``../cli/report.py``: the command that makes the report.
"""
