"""Shapes of the exchange's API for this node's own programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

Number = Annotated[int, Field(ge=1, le=2**62)]


class ConsentIn(Schema):
    """A consent as it was given."""

    peer: str = Field(max_length=2, description="Country of the neighbour")
    programme: str = Field(max_length=40)
    subject: str = Field(max_length=80, description="Identifier of who consents: tax number, document with its issuer")
    basis: str = Field(min_length=3, max_length=300, description="How it was given: the signed form, the message")


class WithdrawalIn(Schema):
    """Why a consent ends."""

    reason: str = Field(min_length=3, max_length=300)


class ConsentOut(Schema):
    """A consent as it stands."""

    id: int
    peer: str = Field(alias="peer.country")
    programme: str
    subject: str
    basis: str
    given_at: datetime
    withdrawn_at: datetime | None
    reason: str
