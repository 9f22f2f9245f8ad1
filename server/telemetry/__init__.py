"""Telemetry: the log, the metrics for Prometheus, and the messages that leave the machine.

Everything here listens to effects that are stored already. Nothing here may delay the engine: files, sockets and
formatting belong to threads of their own behind bounded queues, and what does not fit is counted and told.
"""
