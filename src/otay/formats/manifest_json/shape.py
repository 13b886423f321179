"""What a manifest in JSON may hold; all but the travellers' names is optional."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from otay.formats.manifest import PASSENGER

Text = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(max_length=35, strip_whitespace=True, to_upper=True)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Document(_Part):
    """A travel document; ``type`` as in Doc 9303 and PAXLST (P passport, V visa, I identity card)."""

    type: Code = ""
    number: Code = ""
    issuer: Code = ""
    expiry: date | None = None
    issued: date | None = None
    issued_at: Text = ""


class Tag(_Part):
    """A bag tag, or ``count`` tags in a row."""

    number: Code
    count: Count = 1
    airline: Code = ""
    destination: Code = ""


class Weight(_Part):
    """``unit`` is KGM or LBR."""

    value: Annotated[str, StringConstraints(pattern=r"^\d{1,6}(\.\d{1,3})?$")]
    unit: Literal["KGM", "LBR"] = "KGM"


class Bags(_Part):
    """Checked bags of a traveller."""

    count: Count | None = None
    weight: Weight | None = None
    tags: list[Tag] = Field(default_factory=list, max_length=200)


class Contact(_Part):
    """A telephone (TE), mail address (EM) or fax (FX)."""

    type: Text = ""
    value: Text


Words = dict[str, Text]
"""A group of elements that are all text, such as an address."""


class Traveller(BaseModel):
    """A passenger or a member of the crew. Further elements are kept as they are."""

    model_config = ConfigDict(extra="allow")

    role: Literal["passenger", "crew", "transit passenger", "transit crew", "other"] = PASSENGER
    given: Text = ""
    surnames: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True, min_length=1)]
    full_name: Text = ""
    sex: Literal["M", "F", "X", "U", ""] = ""
    birth_date: date | None = None
    nationality: Code = ""
    documents: list[Document] = Field(default_factory=list, max_length=20)
    embark: Code = ""
    debark: Code = ""
    references: dict[str, Text] = Field(default_factory=dict, max_length=50)
    bags: Bags | None = None
    contacts: list[Contact] = Field(default_factory=list, max_length=50)
    address: Words = Field(default_factory=dict)
    addresses: list[Words] = Field(default_factory=list, max_length=20)
    birth_place: Words = Field(default_factory=dict)
    birth_date_sent: Text = ""
    residence: Code = ""
    clearance_port: Code = ""
    verified: bool | None = None
    category: Text = ""
    title: Text = ""
    reference: Text = ""
    seats: list[Words] = Field(default_factory=list, max_length=50)
    tickets: list[Text] = Field(default_factory=list, max_length=50)
    frequent_flyer: list[Words] = Field(default_factory=list, max_length=20)


class Flight(BaseModel):
    """One leg; times are the ports' own."""

    model_config = ConfigDict(extra="allow")

    carrier: Code = ""
    number: Code
    origin: Code = ""
    destination: Code = ""
    departure: datetime | date | None = None
    arrival: datetime | date | None = None
    operating_carrier: Code = ""
    operating_number: Code = ""
    operating_class: Code = ""
    status: Text = ""
    equipment: Text = ""
    mode: Text = ""
    border: bool = True


class Party(_Part):
    """Who answers questions about the list."""

    name: Text = ""
    id: Text = ""
    place: Text = ""
    contact: Text = ""
    contacts: list[Contact] = Field(default_factory=list, max_length=50)


class Header(BaseModel):
    """Who sends the list and what is to be done with it."""

    model_config = ConfigDict(extra="allow")

    type: Text = ""
    version: Text = ""
    function: Text = "passenger list"
    code: Text = ""
    subcode: Text = ""
    sender: Text = ""
    sender_qualifier: Text = ""
    recipient: Text = ""
    recipient_qualifier: Text = ""
    prepared: datetime | None = None
    test: bool = False
    interchange: Text = ""
    reference: Text = ""
    access_reference: Text = ""
    revision: Text = ""
    references: dict[str, Text] = Field(default_factory=dict, max_length=50)
    reporting_party: Party = Field(default_factory=Party)


class Reservation(BaseModel):
    """A booking; ``travellers`` are numbers in the list of travellers, counted from 1."""

    model_config = ConfigDict(extra="allow")

    locator: Code = ""
    carrier: Code = ""
    created: datetime | date | None = None
    changed: datetime | date | None = None
    ticketed: datetime | date | None = None
    other_locators: list[Words] = Field(default_factory=list, max_length=50)
    flights: list[Flight] = Field(default_factory=list, max_length=100)
    contacts: list[Contact] = Field(default_factory=list, max_length=200)
    addresses: list[Words] = Field(default_factory=list, max_length=50)
    payments: list[Words] = Field(default_factory=list, max_length=50)
    split_to: list[Text] = Field(default_factory=list, max_length=100)
    split_count: Text = ""
    travellers: list[Count] = Field(default_factory=list, max_length=1_000)


class Totals(BaseModel):
    """What the sender says; the rest is counted."""

    model_config = ConfigDict(extra="allow")

    stated: Count | None = None


class Manifest(BaseModel):
    """One message. Travellers are read one by one, so that a bad one costs nobody else."""

    model_config = ConfigDict(extra="allow")

    message: Header = Field(default_factory=Header)
    flights: list[Flight] = Field(default_factory=list, max_length=100)
    travellers: list[Any] = Field(max_length=20_000)
    reservations: list[Reservation] = Field(default_factory=list, max_length=20_000)
    totals: Totals = Field(default_factory=Totals)
