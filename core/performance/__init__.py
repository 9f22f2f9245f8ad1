"""Performance: metrics of closed trades with their uncertainty, broken down by properties of the trade.

Job: turn closed trades into metrics with n, interval, status and reason, and keep them up to date at each
exit. May not touch files, sockets, the wall clock, the ledger's SQL or the screens: trades come in as ledger
entries or columns.

Read first:

- trade.py: a closed trade, read from a ledger entry.
- metric.py: what a metric is, and the definition of every metric.
- metrics.py: the calculation from columns or sums.
- intervals.py: the 95 % intervals and their sources.
- tracker.py: the same metrics kept up to date exit by exit.
"""

from core.performance.breakdown import Bucket, breakdown
from core.performance.columns import Trades
from core.performance.cuts import CUTS, Cut
from core.performance.distribution import Histogram, histogram
from core.performance.equity_curve import Curve, curve
from core.performance.metric import Metric, Metrics, Status
from core.performance.metrics import metrics
from core.performance.report import WINDOWS, Report, report
from core.performance.tracker import Tracker
from core.performance.trade import NotClosed, Trade, trade_from_entry

__all__ = [
    "CUTS",
    "WINDOWS",
    "Bucket",
    "Curve",
    "Cut",
    "Histogram",
    "Metric",
    "Metrics",
    "NotClosed",
    "Report",
    "Status",
    "Tracker",
    "Trade",
    "Trades",
    "breakdown",
    "curve",
    "histogram",
    "metrics",
    "report",
    "trade_from_entry",
]
