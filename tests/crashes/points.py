"""Dying at the nth thing that this thread asks of PostgreSQL: the connection is cut there, and nothing after it happens."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
from django.db import connection


class Crash(BaseException):
    """The process is gone: no handler for errors sees this one."""


class Points:
    """Counts the statements and commits of one thread, and cuts the line at one of them (0: at none)."""

    def __init__(self, at: int, *, commits_only: bool, after: bool) -> None:
        self.at, self.commits_only, self.after = at, commits_only, after
        self.thread = threading.get_ident()
        self.passed = 0
        self.crashed = False

    def through(self, raw: Any, is_commit: bool, call: Callable[[], Any]) -> Any:
        """Make the call, or die before it or (`after`) right behind it."""
        if threading.get_ident() != self.thread:
            return call()
        if self.crashed:
            raise Crash  # the dead ask nothing more, whatever a handler would like to tidy up
        if self.commits_only and not is_commit:
            return call()
        self.passed += 1
        if self.passed != self.at:
            return call()
        self.crashed = True
        if self.after:
            call()
        raw.close()
        raise Crash

    def elsewhere(self, call: Callable[[], Any]) -> Any:
        """A point that is not PostgreSQL's: a call of a product. Dies before it, or right behind it."""
        if threading.get_ident() != self.thread or self.commits_only:
            return call()
        self.passed += 1
        if self.passed == self.at:
            self.crashed = True
            raise Crash
        answer = call()
        self.passed += 1
        if self.passed == self.at:
            self.crashed = True
            raise Crash
        return answer


@contextmanager
def crash_at(at: int, *, commits_only: bool = False, after: bool = False) -> Iterator[Points]:
    """Die at the nth statement or commit of the block (or commit alone), or beside a call of a product; at none of them for 0.

    A block that has fewer ends as ever.
    """
    points = Points(at, commits_only=commits_only, after=after)
    execute, commit, send = psycopg.Cursor.execute, psycopg.Connection.commit, httpx.Client.send
    pipeline = psycopg.Connection.pipeline
    begun: set[int] = set()  # connections whose pipeline holds a transaction that says where it begins and ends

    def watched_execute(cursor: Any, query: Any, *args: Any, **more: Any) -> Any:
        said = query.strip().upper() if isinstance(query, str) else ""
        if said == "BEGIN":
            begun.add(id(cursor.connection))
        return points.through(cursor.connection, said == "COMMIT", lambda: execute(cursor, query, *args, **more))

    @contextmanager
    def watched_pipeline(raw: Any) -> Iterator[Any]:
        with pipeline(raw) as line:
            yield line
            if id(raw) not in begun:  # then the end of the pipeline is the commit
                points.through(raw, True, line.sync)
            begun.discard(id(raw))

    def watched_commit(raw: Any) -> None:
        points.through(raw, True, lambda: commit(raw))

    def watched_send(*args: Any, **more: Any) -> Any:
        return points.elsewhere(lambda: send(*args, **more))

    psycopg.Cursor.execute, psycopg.Connection.commit = watched_execute, watched_commit  # type: ignore[method-assign]
    psycopg.Connection.pipeline = watched_pipeline  # type: ignore[method-assign,assignment]
    httpx.Client.send = watched_send  # type: ignore[method-assign]
    logging.disable(logging.CRITICAL)  # the dead log nothing
    try:
        yield points
    except BaseException:
        if not points.crashed:
            raise
    finally:
        psycopg.Cursor.execute, psycopg.Connection.commit = execute, commit  # type: ignore[method-assign]
        psycopg.Connection.pipeline = pipeline  # type: ignore[method-assign]
        httpx.Client.send = send  # type: ignore[method-assign]
        logging.disable(logging.NOTSET)
        if points.crashed:
            _rise_again()


def _rise_again() -> None:
    """The next worker is a process of its own, with a connection of its own."""
    raw, connection.connection = connection.connection, None
    if raw is not None:
        raw.close()
    connection.connect()
