"""The elements of NCTS phase-5 messages: what a group holds, in which order, of which type.

After the public technical interface specification of phase 5 (HMRC's, Apache-2.0, after DDNTA of DG TAXUD). One table
serves all messages: a group that a message uses only in part keeps the order of the whole. There are no schemas here:
reading is structural, and what the table does not know is kept as it stands.

``name:type`` is a value, ``Name`` a group, ``Name*`` a group that may repeat. Types: ``an22`` text of at most 22
characters, ``n4`` a whole number of at most 4 digits, ``d16.6`` a decimal, ``flag`` 0 or 1, ``date``, ``datetime``,
``mrn``, ``office``, ``country``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

NAMESPACE = "http://ncts.dgtaxud.ec"
PHASE = "NCTS5.0"

MESSAGES = {
    "CC004C": "amendment acceptance",
    "CC007C": "arrival notification",
    "CC009C": "invalidation decision",
    "CC013C": "declaration amendment",
    "CC014C": "declaration invalidation request",
    "CC015C": "declaration data",
    "CC019C": "discrepancies",
    "CC022C": "notification to amend the declaration",
    "CC025C": "goods release notification",
    "CC028C": "MRN allocated",
    "CC029C": "release for transit",
    "CC035C": "recovery notification",
    "CC043C": "unloading permission",
    "CC044C": "unloading remarks",
    "CC045C": "write-off notification",
    "CC051C": "no release for transit",
    "CC055C": "guarantee not valid",
    "CC056C": "rejection from office of departure",
    "CC057C": "rejection from office of destination",
    "CC060C": "control decision notification",
    "CC140C": "request on non-arrived movement",
    "CC141C": "information about non-arrived movement",
    "CC170C": "presentation notification for the pre-lodged declaration",
    "CC182C": "forwarded incident notification to trader",
    "CC906C": "functional nack",
    "CC917C": "XML nack",
    "CC928C": "positive acknowledge",
}

_CONTENT = """
MESSAGE: messageSender:an35 messageRecipient:an35 preparationDateAndTime:datetime messageIdentification:an35
  messageType:an6 correlationIdentifier:an35 Header TransitOperation Authorisation* Invalidation Enquiry
  CustomsOfficeOfDeparture CustomsOfficeOfDestination CustomsOfficeOfDestinationDeclared
  CustomsOfficeOfDestinationActual CustomsOfficeOfTransitDeclared* CustomsOfficeOfExitForTransitDeclared*
  CustomsOfficeOfIncidentRegistration CustomsOfficeOfEnquiryAtDeparture CustomsOfficeOfRecoveryAtDeparture
  HolderOfTheTransitProcedure Representative TraderAtDestination ControlResult CTLControl TypeOfControls*
  RequestedDocument* RecoveryNotification UnloadingRemark Guarantor Guarantee* GuaranteeReference* Consignment
  FunctionalError* XMLError*
Header: LRN:an22 MRN:mrn
TransitOperation: LRN:an22 MRN:mrn declarationType:an5 additionalDeclarationType:an1 TIRCarnetNumber:an12
  presentationOfTheGoodsDateAndTime:datetime declarationAcceptanceDate:date declarationSubmissionDateAndTime:datetime
  releaseDate:date releaseIndicator:an1 security:an1 reducedDatasetIndicator:flag specificCircumstanceIndicator:an3
  communicationLanguageAtDeparture:an2 bindingItinerary:flag amendmentTypeFlag:flag limitDate:date
  arrivalNotificationDateAndTime:datetime simplifiedProcedure:flag incidentFlag:flag
  incidentNotificationDateAndTime:datetime amendmentSubmissionDateAndTime:datetime
  amendmentAcceptanceDateAndTime:datetime controlNotificationDateAndTime:datetime notificationType:an1
  businessRejectionType:an3 rejectionDateAndTime:datetime rejectionCode:an2 rejectionReason:an512
  discrepanciesNotificationDate:date discrepanciesNotificationText:an512 noReleaseMotivationCode:an2
  noReleaseMotivationText:an512 writeOffDate:date limitForResponseDate:date
  requestOnNonArrivedMovementDate:date declarationInvalidationDateAndTime:datetime
Authorisation: sequenceNumber:n5 type:an4 referenceNumber:an35
Invalidation: requestDateAndTime:datetime decisionDateAndTime:datetime decision:flag initiatedByCustoms:flag
  justification:an512
Enquiry: tc11DeliveredByCustoms:date additionalInformation:an512 textualInformation:an512
CustomsOfficeOfDeparture: referenceNumber:office
CustomsOfficeOfDestination: referenceNumber:office
CustomsOfficeOfDestinationDeclared: referenceNumber:office
CustomsOfficeOfDestinationActual: referenceNumber:office
CustomsOfficeOfTransitDeclared: sequenceNumber:n5 referenceNumber:office arrivalDateAndTimeEstimated:datetime
CustomsOfficeOfExitForTransitDeclared: sequenceNumber:n5 referenceNumber:office
CustomsOfficeOfIncidentRegistration: referenceNumber:office
CustomsOfficeOfEnquiryAtDeparture: referenceNumber:office
CustomsOfficeOfRecoveryAtDeparture: referenceNumber:office
HolderOfTheTransitProcedure: identificationNumber:an17 TIRHolderIdentificationNumber:an17 name:an70 Address
  ContactPerson
Representative: identificationNumber:an17 status:an1 ContactPerson
TraderAtDestination: identificationNumber:an17 communicationLanguageAtDestination:an2
Guarantor: identificationNumber:an17 name:an70 Address
Address: streetAndNumber:an70 postcode:an17 city:an35 country:country
PostcodeAddress: houseNumber:an17 postcode:an17 country:country
ContactPerson: name:an70 phoneNumber:an35 eMailAddress:an256
ControlResult: code:an2 date:date controlledBy:an35 text:an512
CTLControl: continueUnloading:n1
TypeOfControls: sequenceNumber:n5 type:an3 text:an512
RequestedDocument: sequenceNumber:n5 documentType:an4 description:an512
RecoveryNotification: recoveryNotificationDate:date recoveryNotificationText:an512 amountClaimed:d16.2 currency:an3
UnloadingRemark: conform:flag unloadingCompletion:flag unloadingDate:date stateOfSeals:flag unloadingRemark:an512
Guarantee: sequenceNumber:n5 guaranteeType:an1 otherGuaranteeReference:an35 GuaranteeReference*
GuaranteeReference: sequenceNumber:n5 GRN:an24 accessCode:an4 amountToBeCovered:d16.2 currency:an3
  InvalidGuaranteeReason*
InvalidGuaranteeReason: sequenceNumber:n5 code:an3 text:an512
Consignment: countryOfDispatch:country countryOfDestination:country containerIndicator:flag
  inlandModeOfTransport:n1 modeOfTransportAtTheBorder:n1 grossMass:d16.6 referenceNumberUCR:an35 Carrier Consignor
  Consignee ConsigneeActual AdditionalSupplyChainActor* TransportEquipment* LocationOfGoods DepartureTransportMeans*
  CountryOfRoutingOfConsignment* ActiveBorderTransportMeans* PlaceOfLoading PlaceOfUnloading PreviousDocument*
  SupportingDocument* TransportDocument* AdditionalReference* AdditionalInformation* TransportCharges Incident*
  HouseConsignment*
Carrier: identificationNumber:an17 ContactPerson
Consignor: identificationNumber:an17 name:an70 Address ContactPerson
Consignee: identificationNumber:an17 name:an70 Address
ConsigneeActual: identificationNumber:an17 name:an70 Address
AdditionalSupplyChainActor: sequenceNumber:n5 role:an3 identificationNumber:an17
TransportEquipment: sequenceNumber:n5 containerIdentificationNumber:an17 numberOfSeals:n4 Seal* GoodsReference*
Seal: sequenceNumber:n5 identifier:an20
GoodsReference: sequenceNumber:n5 declarationGoodsItemNumber:n5
LocationOfGoods: typeOfLocation:an1 qualifierOfIdentification:an1 authorisationNumber:an35 additionalIdentifier:an4
  UNLocode:an17 CustomsOffice GNSS EconomicOperator Address PostcodeAddress ContactPerson
CustomsOffice: referenceNumber:office
GNSS: latitude:an17 longitude:an17
EconomicOperator: identificationNumber:an17
DepartureTransportMeans: sequenceNumber:n5 typeOfIdentification:n2 identificationNumber:an35 nationality:country
CountryOfRoutingOfConsignment: sequenceNumber:n5 country:country
ActiveBorderTransportMeans: sequenceNumber:n5 customsOfficeAtBorderReferenceNumber:office typeOfIdentification:n2
  identificationNumber:an35 nationality:country conveyanceReferenceNumber:an17
PlaceOfLoading: UNLocode:an17 country:country location:an35
PlaceOfUnloading: UNLocode:an17 country:country location:an35
PreviousDocument: sequenceNumber:n5 type:an4 referenceNumber:an70 goodsItemNumber:n5 typeOfPackages:an2
  numberOfPackages:n8 measurementUnitAndQualifier:an4 quantity:d16.6 complementOfInformation:an35
SupportingDocument: sequenceNumber:n5 type:an4 referenceNumber:an70 documentLineItemNumber:n5
  complementOfInformation:an35
TransportDocument: sequenceNumber:n5 type:an4 referenceNumber:an70
AdditionalReference: sequenceNumber:n5 type:an4 referenceNumber:an70
AdditionalInformation: sequenceNumber:n5 code:an5 text:an512
TransportCharges: methodOfPayment:an1
Incident: sequenceNumber:n5 code:an1 text:an512 Endorsement Location TransportEquipment* Transhipment
Endorsement: date:date authority:an35 place:an35 country:country
Location: qualifierOfIdentification:an1 UNLocode:an17 country:country GNSS Address
Transhipment: containerIndicator:flag TransportMeans
TransportMeans: typeOfIdentification:n2 identificationNumber:an35 nationality:country
HouseConsignment: sequenceNumber:n5 countryOfDispatch:country grossMass:d16.6 referenceNumberUCR:an35
  securityIndicatorFromExportDeclaration:an1 Consignor Consignee AdditionalSupplyChainActor* DepartureTransportMeans*
  PreviousDocument* SupportingDocument* TransportDocument* AdditionalReference* AdditionalInformation*
  TransportCharges ConsignmentItem*
ConsignmentItem: goodsItemNumber:n5 declarationGoodsItemNumber:n5 declarationType:an5 countryOfDispatch:country
  countryOfDestination:country referenceNumberUCR:an35 Consignee AdditionalSupplyChainActor* Commodity Packaging*
  PreviousDocument* SupportingDocument* TransportDocument* AdditionalReference* AdditionalInformation*
  TransportCharges
Commodity: descriptionOfGoods:an512 cusCode:an9 CommodityCode DangerousGoods* GoodsMeasure
CommodityCode: harmonizedSystemSubHeadingCode:an6 combinedNomenclatureCode:an2
DangerousGoods: sequenceNumber:n5 UNNumber:an4
GoodsMeasure: grossMass:d16.6 netMass:d16.6 supplementaryUnits:d16.6
Packaging: sequenceNumber:n5 typeOfPackages:an2 numberOfPackages:n8 shippingMarks:an512
FunctionalError: errorPointer:an512 errorCode:an2 errorReason:an7 originalAttributeValue:an512
XMLError: errorLineNumber:n9 errorColumnNumber:n9 errorPointer:an512 errorCode:an2 errorText:an512
  originalAttributeValue:an512
"""

REQUIRED = {
    "CC007C": ("transit_operation/mrn", "customs_office_of_destination_actual", "trader_at_destination"),
    "CC013C": ("transit_operation", "customs_office_of_departure", "consignment"),
    "CC014C": ("transit_operation", "invalidation/justification", "customs_office_of_departure"),
    "CC015C": (
        "transit_operation/lrn",
        "transit_operation/declaration_type",
        "customs_office_of_departure",
        "customs_office_of_destination_declared",
        "holder_of_the_transit_procedure",
        "guarantee",
        "consignment",
    ),
    "CC025C": ("transit_operation/mrn", "customs_office_of_destination_actual"),
    "CC029C": ("transit_operation/mrn", "customs_office_of_departure", "guarantee", "consignment"),
    "CC043C": ("transit_operation/mrn", "customs_office_of_destination_actual"),
    "CC044C": ("transit_operation/mrn", "customs_office_of_destination_actual", "unloading_remark/conform"),
    "CC170C": ("transit_operation/lrn", "customs_office_of_departure"),
    "CC182C": ("transit_operation/mrn", "customs_office_of_incident_registration", "consignment/incident"),
}
"""What a message cannot be without; paths into the record."""


@dataclass(frozen=True, slots=True)
class Member:
    """A value or a group inside a group. ``type`` is empty for groups."""

    xml: str
    key: str
    type: str = ""
    many: bool = False


def key_of(xml: str) -> str:
    """``numberOfSeals`` is ``number_of_seals`` in a record, ``TIRCarnetNumber`` ``tir_carnet_number``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", xml).lower()


@cache
def groups() -> dict[str, tuple[Member, ...]]:
    """Every group with its members in their order; ``MESSAGE`` is the content of any message."""
    found: dict[str, tuple[Member, ...]] = {}
    for block in re.split(r"\n(?=\S)", _CONTENT.strip()):
        name, _, members = block.partition(":")
        found[name] = tuple(_member(text) for text in members.split())
    return found


def _member(text: str) -> Member:
    name, _, kind = text.partition(":")
    xml = name.removesuffix("*")
    return Member(xml, key_of(xml), kind, name.endswith("*"))
