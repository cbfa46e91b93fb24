"""The aggregates of clocks."""

from soc.clocks.models.clock import Clock, ClockEvent
from soc.clocks.models.instrument import Instrument, InstrumentState, Rule

__all__ = ["Clock", "ClockEvent", "Instrument", "InstrumentState", "Rule"]
