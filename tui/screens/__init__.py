"""The five screens: Live, History, Performance, Learning and System.

A screen composes panes, gives each its part of a snapshot or view, and has the actions of its keys. It reaches the
engine and the app only through ``tui.interfaces``. Read base.py, live.py, reports.py, performance.py and
history.py first.
"""
