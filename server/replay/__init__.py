"""Inputs of the past through the same engine in virtual time: nothing is sent, nothing sleeps."""
