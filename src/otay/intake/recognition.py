"""Which format a message is in, and which room takes it."""

from __future__ import annotations

from typing import Any

from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.intake.registry import Handler, handlers
from otay.node.actors import Actor


def detect(raw: bytes, name: str = "") -> str:
    """Name of the format of ``raw``; empty when no reader knows it."""
    from otay.formats import (
        registry as formats,
    )  # readers bring XML and spreadsheet libraries: loaded when first needed

    found = formats.detect(raw, name)
    return "" if found == formats.UNKNOWN else found


def records(raw: bytes, format: str, name: str = "") -> list[dict[str, Any]]:
    """What the reader of ``format`` finds in ``raw``; nothing where there is no such reader."""
    from otay.formats import registry as formats

    return formats.read(raw, format=format, name=name).records if format in formats.formats() else []


def handler_of(format: str) -> Handler | None:
    """The room that takes messages in ``format``."""
    return next((handler for handler in handlers if format in handler.formats), None)


def taken_formats() -> list[str]:
    """Names of all formats that some room takes."""
    return sorted({format for handler in handlers for format in handler.formats})


def unknown_format(format: str) -> Finding:
    """A message must be in a format that some room of this node takes."""
    return error(
        "format",
        "intake.format",
        N_("No room of this node takes messages in the format %(format)s; taken are %(taken)s"),
        format,
        N_("Name the format when you send the message, or send it in one of those"),
        format=format or "?",
        taken=", ".join(taken_formats()) or "-",
    )


def not_permitted(actor: Actor, handler: Handler) -> Finding:
    """The sender must hold the permission that the room asks for."""
    return error(
        "sender",
        "intake.permission",
        N_("%(sender)s does not hold the permission %(permission)s, which this message needs"),
        actor.key,
        N_("Ask an administrator of the node for a role that holds it, then have the message replayed"),
        sender=actor.name,
        permission=handler.permission,
    )
