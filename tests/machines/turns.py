"""Two workers in one place whose every statement waits for its turn: the interleaving is drawn, not left to luck."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

PATIENCE = 0.05  # seconds after which a statement counts as waiting for the other worker's lock
LONGEST = 30


class Turns:
    """Lets two threads make one statement or commit at a time, in a given order; what waits for a lock loses its turn."""

    def __init__(self) -> None:
        self.workers: dict[int, int] = {}  # thread -> 0 or 1
        self.may_go = [threading.Semaphore(0), threading.Semaphore(0)]
        self.went = [threading.Event(), threading.Event()]
        self.over = [threading.Event(), threading.Event()]
        self.free = False

    def take(self, call: Callable[[], Any]) -> Any:
        """Wait for this thread's turn, then make the call."""
        me = self.workers.get(threading.get_ident())
        if me is None or self.free:
            return call()
        self.may_go[me].acquire(timeout=LONGEST)
        try:
            return call()
        finally:
            self.went[me].set()

    def run(self, works: tuple[Callable[[], Any], Callable[[], Any]], order: Iterable[int], meanwhile: Callable[[], None]) -> list[Any]:
        """Run both works; 0 and 1 in `order` are turns, 2 is `meanwhile`, done by whoever calls. Returns what they returned or raised."""
        outcomes: list[Any] = [None, None]

        def live(me: int) -> None:
            self.workers[threading.get_ident()] = me
            try:
                outcomes[me] = works[me]()
            except Exception as error:
                outcomes[me] = error
            finally:
                self.over[me].set()
                self.went[me].set()
                connection.close()

        threads = [threading.Thread(target=live, args=(me,), daemon=True) for me in (0, 1)]
        for thread in threads:
            thread.start()
        for turn in order:
            if turn == 2:
                meanwhile()
            elif not self.over[turn].is_set():
                self.went[turn].clear()
                self.may_go[turn].release()
                self.went[turn].wait(PATIENCE)
        self.free = True
        for me in (0, 1):
            self.may_go[me].release(1000)
        for thread in threads:
            thread.join(LONGEST)
        assert all(one.is_set() for one in self.over), "two workers wait for each other"
        return outcomes


@contextmanager
def taking_turns() -> Iterator[Turns]:
    """Every statement and commit of psycopg waits for its turn, where its thread has turns at all."""
    turns = Turns()
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def turned_execute(cursor: Any, *args: Any, **more: Any) -> Any:
        return turns.take(lambda: execute(cursor, *args, **more))

    def turned_commit(raw: Any) -> None:
        turns.take(lambda: commit(raw))

    psycopg.Cursor.execute, psycopg.Connection.commit = turned_execute, turned_commit  # type: ignore[method-assign]
    try:
        yield turns
    finally:
        psycopg.Cursor.execute, psycopg.Connection.commit = execute, commit  # type: ignore[method-assign]
