"""What a mutation is: one guard taken away, in the code or in the database, and the tests that must notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One guard taken away: by a change of one text in a file (`was` must stand there once), or by SQL as the tables' owner."""

    name: str
    tests: tuple[str, ...]
    file: str = ""
    was: str = ""
    becomes: str = ""
    sql: str = ""


def in_the_code(name: str, file: str, was: str, becomes: str, *tests: str) -> Mutation:
    return Mutation(name, tests, file=file, was=was, becomes=becomes)


def in_the_database(name: str, sql: str, *tests: str) -> Mutation:
    return Mutation(name, tests, sql=sql)
