"""The machine in the middle: validated events in, effects out as data; the only place where the parts meet."""

from core.engine.engine import Engine
from core.engine.state import EngineState

__all__ = ["Engine", "EngineState"]
