"""Queries that are asked for every message, turned into SQL once.

Django builds the SQL of a query anew each time it is asked, which takes several times as long as SQLite's answer::

    @prepared
    def _of_flights(flights: Sequence[int], state: str) -> QuerySet[Traveller]:
        return Traveller.objects.filter(flight__in=flights, state=state)

The function is called with placeholders for the values, once for each number of values in its lists; it may look at
that number and at nothing else. It answers rows of its model, or values, from one table or a join, without
``select_related`` and annotations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable
from django.db.transaction import TransactionManagementError

LONGEST_LIST = 16
"""A query with more values in a list is built anew: it takes its time anyhow."""
_MOMENT: models.DateTimeField[Any, Any] = models.DateTimeField()
_Given = ParamSpec("_Given")
_Model = TypeVar("_Model", bound=models.Model)
_Row = TypeVar("_Row")


class _Place(models.Expression):
    """Where a value will stand; ``item``: its number in a list."""

    def __init__(self, name: str, item: int | None = None) -> None:
        super().__init__(output_field=models.Field())
        self.name, self.item = name, item

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def of(self, values: dict[str, Any]) -> Any:
        value = values[self.name]
        return value if self.item is None else value[self.item]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A query as the database takes it, and what makes rows of its answer."""

    using: str
    sql: str
    parameters: tuple[Any, ...]
    converters: tuple[tuple[int, Sequence[Callable[..., Any]], Any], ...]
    made: Callable[[Sequence[Any]], Any]
    locks: bool

    def rows(self, values: dict[str, Any]) -> list[Any]:
        connection = connections[self.using]
        if self.locks and not connection.in_atomic_block:
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        parameters = [
            _stored(one.of(values), connection) if isinstance(one, _Place) else one for one in self.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            found = cursor.fetchall()
        if not self.converters:
            return [self.made(row) for row in found]
        answer = []
        for row in map(list, found):
            for place, converters, expression in self.converters:
                for convert in converters:
                    row[place] = convert(row[place], expression, connection)
            answer.append(self.made(row))
        return answer


def _stored(value: Any, connection: Any) -> Any:
    if isinstance(value, datetime):
        return _MOMENT.get_db_prep_value(value, connection)
    if not isinstance(value, (str, int)):
        raise TypeError(f"no place for a {type(value).__name__} in a prepared query")
    return value


def prepared(build: Callable[_Given, models.QuerySet[_Model, _Row]]) -> Callable[_Given, list[_Row]]:
    """``build``, whose query is asked at once and turned into SQL once. Its values are given by name: text, whole
    numbers, moments, and lists of them."""
    plans: dict[tuple[Any, ...], _Plan | None] = {}

    @wraps(build)
    def ask(*args: _Given.args, **values: _Given.kwargs) -> list[_Row]:
        sizes = [(name, len(value)) for name, value in values.items() if isinstance(value, (list, tuple))]
        if any(size > LONGEST_LIST for _name, size in sizes):
            return list(build(*args, **values))
        shape = (connections["default"].vendor, *sizes)
        if shape not in plans:
            plans[shape] = _planned(build, values)
        plan = plans[shape]
        return plan.rows(values) if plan else []

    return ask


def _planned(build: Callable[..., models.QuerySet[Any, Any]], values: dict[str, Any]) -> _Plan | None:
    """None: the query finds nothing whatever the values are, as in an empty list."""
    places = {
        name: [_Place(name, number) for number in range(len(value))]
        if isinstance(value, (list, tuple))
        else _Place(name)
        for name, value in values.items()
    }
    rows = build(**places)
    query = rows.query
    if query.select_related or query.annotations or query.combinator:
        raise ValueError("a prepared query has no related rows, annotations or unions")
    compiler = query.get_compiler(rows.db)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return None
    columns = [entry[0] for entry in compiler.select]
    converters = compiler.get_converters(columns)
    return _Plan(
        rows.db, sql, tuple(parameters), tuple((place, *found) for place, found in converters.items()),
        _maker(rows, columns), query.select_for_update and compiler.connection.features.has_select_for_update,
    )  # fmt: skip


def _maker(rows: models.QuerySet[Any, Any], columns: Iterable[Any]) -> Callable[[Sequence[Any]], Any]:
    kind: Any = rows._iterable_class
    if kind is ModelIterable:
        model, names, using = rows.model, [column.target.attname for column in columns], rows.db
        return lambda row: model.from_db(using, names, row)
    if kind is FlatValuesListIterable:
        return lambda row: row[0]
    if kind is ValuesListIterable:
        return tuple
    raise ValueError("a prepared query answers rows of its model, or a list of values")
