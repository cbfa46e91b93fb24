"""Calls that begin at the same moment, each on a thread and a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

LONGEST = 60  # seconds: whoever takes longer is stuck


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned or raised, in their order. Raises TimeoutError when one of them hangs."""
    gate, outcomes = threading.Barrier(len(calls)), [None] * len(calls)

    def work(index: int, call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            outcomes[index] = call()
        except Exception as error:
            outcomes[index] = error  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST)
    if any(thread.is_alive() for thread in threads):
        raise TimeoutError(f"still at work after {LONGEST} s: {outcomes}")
    return outcomes
