"""A sender, and a room that exists in tests only: it keeps each message as one line in a table of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import OperationalError, connection

from otay.core.findings import error
from otay.intake.registry import Handler, Message, Outcome, State, handlers
from otay.node import roles
from otay.node.accounts import actor_of_client, new_token, token_digest
from otay.node.actors import Actor
from otay.node.models import ApiClient

FORMAT = "test-line"
TABLE = "test_intake_record"
WORSE = error("line 2", "test.bad", "Worse")


def client(key: str = "acme", role: roles.Role = roles.TRADER, party: str = "") -> tuple[Actor, str]:
    """An invented client program: its actor and its token."""
    token = new_token()
    row = ApiClient.objects.create(
        key=key, name=f"{key} (invented)", role=role.key, party=party, token_digest=token_digest(token), invented=True
    )
    return actor_of_client(row), token


def make_table() -> None:
    """The room's table: nothing in it forbids a double, so that a double would show."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (reference varchar(80), message bigint)")


def drop_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")


def records() -> list[str]:
    """References in the order in which they were recorded."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT reference FROM {TABLE}")
        return [row[0] for row in cursor.fetchall()]


def apply(actor: Actor, messages: Sequence[Message]) -> list[Outcome]:
    """Record each message; misbehave where its first word says so."""
    outcomes = []
    for message in messages:
        match message.raw.split(maxsplit=1)[:1]:
            case [b"boom"]:
                raise ZeroDivisionError("a fault of the room")
            case [b"busy"]:
                raise OperationalError("database is locked")
            case [b"deadly"]:
                raise KeyboardInterrupt  # nothing in the door catches it: as if the process had ended
            case [b"bad"]:
                outcomes.append(Outcome(State.REFUSED, (error("line 1", "test.bad", "Bad %(n)s", n=1), WORSE)))
                continue
            case [b"nul"]:
                nul = error("line\0", "test.nul", "NUL", value="a\0b \ud800 \\u0000")
                outcomes.append(Outcome(State.REFUSED, (nul,), answer={"k\0": ["\0"]}))
                continue
            case [b"odd"]:
                outcomes.append(Outcome(State.ACCEPTED, answer={"not": object()}))
                continue
            case [b"part"]:
                outcomes.append(Outcome(State.PARTLY, (WORSE,)))
            case _:
                subjects = (f"test:{message.id}",)
                outcomes.append(Outcome(State.ACCEPTED, answer={"kept": message.reference}, subjects=subjects))
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {TABLE} VALUES (%s, %s)", [message.reference, message.id])
    return outcomes


@contextmanager
def open_room(permission: str = "") -> Iterator[None]:
    """The room, registered for as long as the block lasts."""
    handlers.register(Handler("test", "Test room", (FORMAT,), permission, apply))
    try:
        yield
    finally:
        handlers._items.pop("test")
