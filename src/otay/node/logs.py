"""Structured logs: one JSON object a line, with the request they belong to and without what was in it."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that this thread answers; empty in the background."""


class RequestFilter(logging.Filter):
    """Puts the request's id on every record, and takes the request itself off: its address may ask for a name."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets it through."""
        request = record.__dict__.pop("request", None)  # as Django gives it along, when the answer has left already
        record.request_id = request_id.get() or getattr(request, "request_id", "")
        return True


def settings(form: str) -> dict[str, Any]:
    """Django's LOGGING: ``json`` for a log collector, ``line`` for people."""
    shape: dict[str, Any] = {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    if form == "json":
        shape = {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(process)d %(threadName)s %(request_id)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger", "threadName": "thread"},
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": "otay.node.logs.RequestFilter"}},
        "formatters": {"shape": shape},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "shape", "filters": ["request"]}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"otay": {"level": "INFO"}},
    }
