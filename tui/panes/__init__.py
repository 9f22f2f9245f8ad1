"""Panes: the parts of a screen, each showing one part of a snapshot or view.

A pane lays out numbers that core and server computed, and computes no trading number. It knows neither its screen
nor the app's class. Read positions.py, decision.py, gates.py, reports.py and status.py first.
"""
