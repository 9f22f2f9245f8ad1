"""Performance: metrics with their uncertainty, cut by what a trade was made on, kept up to date at each exit."""

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
