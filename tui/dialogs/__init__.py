"""Dialogs: questions before anything is done to money or rules, and documents to read.

A dialog knows its own data and returns an answer; whoever opened it sends the command. It knows neither screens nor
the app's class. Read base.py, position_question.py, exit_position.py, mode.py and position_detail.py first.
"""
