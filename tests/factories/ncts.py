"""Invented NCTS messages: names and values at random from the table of elements, or whole by hand."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from otay.formats.ncts.elements import groups

MRN = "26MX000000EXAMP1K5"
_VALUES: dict[str, Any] = {
    "flag": st.booleans(),
    "date": st.dates().map(str),
    "datetime": st.datetimes().map(
        lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}" if moment.year > 999 else "2026-01-01T00:00:00"
    ),
    "mrn": st.just(MRN),
    "office": st.just("MX000240"),
    "country": st.sampled_from(["MX", "US"]),
}
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)


def value_of(kind: str) -> Any:
    if kind in _VALUES:
        return _VALUES[kind]
    if kind.startswith("an"):
        return _TEXT.map(lambda text: text[: int(kind[2:])])
    if kind.startswith("n"):
        return st.integers(0, 10 ** int(kind[1:]) - 1)
    return st.decimals(0, 1000, places=2).map(str)


def group_of(name: str, depth: int = 0) -> Any:
    """A group with some of its members; what lies deeper is rarer."""
    optional = {}
    for member in groups()[name]:
        if member.type:
            optional[member.key] = value_of(member.type)
        elif depth < 3:
            inner = st.deferred(lambda xml=member.xml: group_of(xml, depth + 1))
            optional[member.key] = st.lists(inner, min_size=1, max_size=2) if member.many else inner
    keys = st.sets(st.sampled_from(sorted(optional)), max_size=4)
    return keys.flatmap(lambda chosen: st.fixed_dictionaries({key: optional[key] for key in sorted(chosen)}))


DECLARATION = """<?xml version="1.0" encoding="UTF-8"?>
<ncts:CC015C PhaseID="NCTS5.0" xmlns:ncts="http://ncts.dgtaxud.ec">
  <messageSender>NODE.US</messageSender><messageRecipient>NODE.MX</messageRecipient>
  <preparationDateAndTime>2026-01-15T08:30:00</preparationDateAndTime>
  <messageIdentification>EXAMPLE1</messageIdentification><messageType>CC015C</messageType>
  <TransitOperation><LRN>EXAMPLE-0001</LRN><declarationType>T1</declarationType>
    <additionalDeclarationType>A</additionalDeclarationType><security>0</security>
    <reducedDatasetIndicator>0</reducedDatasetIndicator><bindingItinerary>1</bindingItinerary>
    <limitDate>2026-01-18</limitDate></TransitOperation>
  <CustomsOfficeOfDeparture><referenceNumber>US002506</referenceNumber></CustomsOfficeOfDeparture>
  <CustomsOfficeOfDestinationDeclared><referenceNumber>MX000240</referenceNumber></CustomsOfficeOfDestinationDeclared>
  <CustomsOfficeOfTransitDeclared><sequenceNumber>1</sequenceNumber><referenceNumber>MX000400</referenceNumber>
  </CustomsOfficeOfTransitDeclared>
  <HolderOfTheTransitProcedure><identificationNumber>XAXX010101000</identificationNumber>
    <name>Transportes Inventados SA de CV</name></HolderOfTheTransitProcedure>
  <Guarantee><sequenceNumber>1</sequenceNumber><guaranteeType>1</guaranteeType>
    <GuaranteeReference><sequenceNumber>1</sequenceNumber><GRN>26MX0000EXAMPLE01</GRN>
      <amountToBeCovered>25000.00</amountToBeCovered><currency>USD</currency></GuaranteeReference></Guarantee>
  <Consignment><containerIndicator>1</containerIndicator><grossMass>18450.5</grossMass>
    <TransportEquipment><sequenceNumber>1</sequenceNumber>
      <containerIdentificationNumber>CSQU3054383</containerIdentificationNumber><numberOfSeals>2</numberOfSeals>
      <Seal><sequenceNumber>1</sequenceNumber><identifier>EXAMPLE0001</identifier></Seal>
      <Seal><sequenceNumber>2</sequenceNumber><identifier>EXAMPLE0002</identifier></Seal></TransportEquipment>
    <CountryOfRoutingOfConsignment><sequenceNumber>1</sequenceNumber><country>US</country>
    </CountryOfRoutingOfConsignment>
    <HouseConsignment><sequenceNumber>1</sequenceNumber><grossMass>18450.5</grossMass>
      <ConsignmentItem><goodsItemNumber>1</goodsItemNumber><declarationGoodsItemNumber>1</declarationGoodsItemNumber>
        <Commodity><descriptionOfGoods>Portable computers</descriptionOfGoods>
          <CommodityCode><harmonizedSystemSubHeadingCode>847130</harmonizedSystemSubHeadingCode></CommodityCode>
        </Commodity></ConsignmentItem></HouseConsignment></Consignment>
</ncts:CC015C>
"""

INCIDENT = f"""<ncts:CC182C PhaseID="NCTS5.0" xmlns:ncts="http://ncts.dgtaxud.ec">
  <messageSender>NODE.MX</messageSender><messageRecipient>NODE.US</messageRecipient>
  <preparationDateAndTime>2026-01-15T20:30:00</preparationDateAndTime>
  <messageIdentification>EXAMPLE2</messageIdentification><messageType>CC182C</messageType>
  <TransitOperation><MRN>{MRN}</MRN>
    <incidentNotificationDateAndTime>2026-01-15T20:15:00</incidentNotificationDateAndTime></TransitOperation>
  <CustomsOfficeOfIncidentRegistration><referenceNumber>MX000400</referenceNumber></CustomsOfficeOfIncidentRegistration>
  <Consignment><Incident><sequenceNumber>1</sequenceNumber><code>2</code><text>Seal broken</text>
    <TransportEquipment><sequenceNumber>1</sequenceNumber><numberOfSeals>1</numberOfSeals>
      <Seal><sequenceNumber>1</sequenceNumber><identifier>EXAMPLE0003</identifier></Seal></TransportEquipment>
  </Incident></Consignment>
</ncts:CC182C>
"""
