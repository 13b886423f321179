"""All families by key."""

from __future__ import annotations

from otay.formats.seals.eseal import ESEAL
from otay.formats.seals.frames import Family
from otay.formats.seals.gt06 import GT06
from otay.formats.seals.jointech import JT600, JT701
from otay.formats.seals.jt808 import JT808
from otay.formats.seals.own import OWN
from otay.formats.seals.teratrack import TERATRACK
from otay.formats.seals.upro import UPRO

FAMILIES: dict[str, Family] = {item.key: item for item in (JT701, JT600, ESEAL, TERATRACK, JT808, GT06, UPRO, OWN)}
