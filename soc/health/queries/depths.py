"""How much waits in each queue of rows, and how long the oldest has waited."""


def publish_depths() -> None:
    """Set the gauges of this process from the database."""
