"""Words for codes: kinds of findings, causes, steps, lanes. Kept apart from the rules, which know no language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from otay.engines.fraud.ranking.reasons import reason
from otay.goods.investigations.domain import cases, outcomes, seizures
from otay.goods.investigations.domain.mirroring import Kind
from otay.goods.investigations.domain.patterns import Pattern

Words = Mapping[str, str | Promise]

FINDINGS: Words = {
    Kind.UNDERVALUED: _("Undervalued against the neighbour's record"),
    Kind.OVERVALUED: _("Overvalued against the neighbour's record"),
    Kind.OTHER_GOODS: _("Other goods than in the neighbour's record"),
    Kind.DEARER_GOODS: _("The neighbour's goods code bears a higher duty"),
    Kind.OTHER_ORIGIN: _("Other origin than in the neighbour's record"),
    Kind.QUANTITY: _("Other quantity than in the neighbour's record"),
    Kind.MASS: _("Other mass than in the neighbour's record"),
    Kind.OURS_ONLY: _("The neighbour has no record of these goods"),
    Kind.THEIRS_ONLY: _("The neighbour's record has no counterpart here"),
    Kind.PRICE: _("Price far below the reference"),
    Kind.TOLD_TWICE: _("Told twice under one reference"),
    "price": _("Price far below the reference"),
    Pattern.TRANSSHIPMENT: _("Goods of a third country under a new origin"),
    Pattern.CAROUSEL: _("Goods that run round among traders"),
    Pattern.NETWORK: _("Tied to a trader with a confirmed finding"),
    Pattern.SPLIT: _("Consignment in parts, each below the threshold"),
    Pattern.DIGITS: _("First digits of this trader's values are unusual"),
    Pattern.SURGE: _("Imports of another origin jumped after a rise of duty"),
    "trader_hits": _("Earlier inspections of this trader found something"),
    "new_trader": _("New trader"),
    "selected-red": _("Selection of the day: red"),
    "selected-yellow": _("Selection of the day: yellow"),
    "selected-blue": _("Selection of the day: blue"),
}
#: What a pattern's facts are called, in the order in which they are shown.
FACTS: Words = {
    "change": _("duty that rose"),
    "origin": _("origin that jumped"),
    "before": _("kg in as many days before"),
    "after": _("kg since then"),
    "span": _("days compared"),
    "cover": _("imports of such goods from third countries over this consignment, by mass"),
    "margin": _("value added (logarithm)"),
    "exporter": _("exporter"),
    "parties": _("traders"),
    "count": _("how many"),
    "marks": _("what they share"),
    "known": _("of whom something was confirmed"),
    "records": _("declarations"),
    "value": _("together, USD"),
    "nearness": _("mean part of the threshold"),
    "first": _("from"),
    "last": _("until"),
    "length": _("shortest round"),
    "goods": _("kinds of goods"),
    "deviation": _("mean deviation from Benford's law"),
    "days": _("days without a counterpart"),
}
CAUSES: Words = {
    "timing": _("Timing: the goods were on their way between the two dates"),
    "basis": _("Basis: one value includes freight and insurance, the other does not"),
    "unit": _("Unit: the same quantity in another unit"),
    "low_value": _("Low value: the exporting country need not record a consignment below its threshold"),
    "re_export": _("Re-export: goods of a third country passed through the exporting country"),
    "split": _("Split: one export consignment was imported in parts"),
    "merged": _("Merged: several export consignments were imported as one"),
    "period_edge": _("Edge of the period: the other record may lie outside the book"),
    "gross_mass": _("Gross for net: one mass seems to include the packaging"),
}
ELEMENTS: Words = {
    "goods": _("Goods code, six digits"),
    "origin": _("Origin"),
    "quantity": _("Quantity"),
    "mass": _("Net mass, kg"),
    "value": _("Invoice amount"),
    "date": _("Date"),
    "vehicle": _("Vehicle"),
    "containers": _("Containers"),
    "seals": _("Seals"),
    "copies": _("Told twice"),
}
VERDICTS: Mapping[str, tuple[str | Promise, str]] = {
    "missing": (_("One side only"), "neutral"),
    "agrees": (_("Equal"), "success"),
    "close": (_("Within tolerance"), "info"),
    "explained": (_("Different, explained"), "warning"),
    "differs": (_("Different"), "error"),
    "not_compared": (_("Not compared"), "neutral"),
}
#: What a part of the duty at stake comes from.
DUTY_PARTS: Words = {
    "value": _("by the value"),
    "goods": _("by the goods code"),
    "origin": _("by the origin"),
    "quantity": _("by mass or quantity"),
}
FINDING_STATES: Mapping[str, tuple[str | Promise, str]] = {
    "open": (_("Open"), "warning"),
    "explained": (_("Explained"), "neutral"),
    "confirmed": (_("Confirmed"), "error"),
    "gone": (_("No longer holds"), "neutral"),
}
BY: Words = {
    "random": _("Drawn by lot"),
    "criterion": _("By a criterion"),
    "rank": _("By rank"),
    "exploration": _("Exploration: little is known of the trader"),
}
LANES: Words = {
    "red": _("Red"),
    "yellow": _("Yellow"),
    "query": pgettext_lazy("lane of selection", "Query"),
    "blue": _("Blue"),
    "green": _("Green"),
}
DO: Words = {
    "red": _("Examine the goods"),
    "yellow": _("Check the documents"),
    "query": _("Ask the trader or the neighbour"),
    "blue": _("Audit after release"),
}
CASE_KINDS: Words = {
    cases.Kind.VALUATION: _("Valuation"),
    cases.Kind.CLASSIFICATION: _("Classification"),
    cases.Kind.ORIGIN: _("Origin"),
    cases.Kind.PHANTOM: _("Phantom goods"),
    cases.Kind.CONCEALMENT: _("Concealment"),
    cases.Kind.OTHER: _("Other irregularity"),
}
CASE_STATES: Mapping[str, tuple[str | Promise, str]] = {
    cases.State.OPEN: (pgettext_lazy("state of a case", "Open"), "info"),
    cases.State.SUSPENDED: (pgettext_lazy("state of a case", "Suspended"), "neutral"),
    cases.State.REFERRED: (_("Referred to the prosecutor"), "warning"),
    cases.State.DECIDED: (_("Decided"), "success"),
    cases.State.APPEALED: (_("Under appeal"), "warning"),
    cases.State.CLOSED: (pgettext_lazy("state of a case", "Closed"), "neutral"),
}
STEPS: Words = {
    cases.Step.SUSPEND: _("Suspend"),
    cases.Step.RESUME: _("Resume"),
    cases.Step.REFER: _("Refer to the prosecutor"),
    cases.Step.DECIDE: _("Decide"),
    cases.Step.APPEAL: _("Record an appeal"),
    cases.Step.RULE: _("Record the ruling"),
    cases.Step.CLOSE: _("Close"),
    cases.Step.REOPEN: _("Reopen"),
}
OUTCOMES: Words = {
    cases.Outcome.INFRINGEMENT: _("Infringement"),
    cases.Outcome.NO_INFRINGEMENT: _("No infringement"),
    cases.Outcome.SETTLED: _("Settled"),
}
RULINGS: Words = {
    cases.Ruling.UPHELD: _("Upheld"),
    cases.Ruling.REDUCED: _("Penalty reduced"),
    cases.Ruling.ANNULLED: _("Decision annulled"),
}
ENTRIES: Words = {
    cases.EntryKind.OPENED: _("Case opened"),
    cases.EntryKind.NOTE: _("Note"),
    cases.EntryKind.LINK: _("Linked"),
    cases.EntryKind.UNLINK: _("Link taken away"),
    cases.EntryKind.EVIDENCE: _("Evidence added"),
    cases.EntryKind.REQUEST: _("Request to the neighbour"),
    cases.EntryKind.ANSWER: _("Answer to the neighbour"),
    cases.EntryKind.TASK: _("Task given"),
    cases.EntryKind.TASK_DONE: _("Task done"),
    cases.EntryKind.MEMBER: _("Working group"),
    cases.EntryKind.STEP: _("Step of the case"),
    cases.EntryKind.SEIZURE: _("Seizure"),
    cases.EntryKind.SHARED: _("Shared with the neighbour"),
    cases.EntryKind.WITHDRAWN: _("Withdrawn from the neighbour"),
}
LINKS: Words = {
    cases.LinkType.DECLARATION: _("Declaration"),
    cases.LinkType.NEIGHBOUR: _("The neighbour's declaration"),
    cases.LinkType.MOVEMENT: _("Movement in transit"),
    cases.LinkType.TRADER: _("Trader"),
    cases.LinkType.PERSON: _("Person"),
    cases.LinkType.FINDING: _("Finding"),
    cases.LinkType.SEIZURE: _("Seizure"),
}
FRAUDS: Words = {
    outcomes.Fraud.UNDERVALUATION: _("Undervaluation"),
    outcomes.Fraud.MISCLASSIFICATION: _("Wrong classification"),
    outcomes.Fraud.ORIGIN: _("False origin"),
    outcomes.Fraud.QUANTITY: _("Wrong quantity"),
    outcomes.Fraud.PHANTOM: _("Phantom goods"),
    outcomes.Fraud.CONCEALMENT: _("Concealment"),
    outcomes.Fraud.OTHER: _("Other irregularity"),
}
OUTCOME_KINDS: Words = {
    outcomes.Kind.FINDING: _("Finding"),
    outcomes.Kind.DUTY: _("Additional duty"),
    outcomes.Kind.PENALTY: _("Penalty"),
    outcomes.Kind.CLEARED: _("Cleared"),
}
SEIZURE_STATES: Mapping[str, tuple[str | Promise, str]] = {
    seizures.State.SEIZED: (_("Seized"), "warning"),
    seizures.State.STORED: (_("In storage"), "info"),
    seizures.State.FORFEITED: (_("Forfeited"), "warning"),
    seizures.State.RETURNED: (_("Returned"), "success"),
    seizures.State.DESTROYED: (_("Destroyed"), "neutral"),
    seizures.State.AUCTIONED: (_("Auctioned"), "neutral"),
    seizures.State.DONATED: (_("Donated"), "neutral"),
}
SEIZURE_STEPS: Words = {
    seizures.Step.SEIZE: _("Seized"),
    seizures.Step.STORE: _("Put into storage"),
    seizures.Step.MOVE: _("Moved"),
    seizures.Step.EXAMINE: _("Examined"),
    seizures.Step.FORFEIT: _("Forfeited"),
    seizures.Step.RETURN: _("Returned"),
    seizures.Step.DESTROY: _("Destroyed"),
    seizures.Step.AUCTION: _("Auctioned"),
    seizures.Step.DONATE: _("Donated"),
}
UNITS: Words = {
    "KGM": _("kilograms"),
    "LTR": _("litres"),
    "C62": _("pieces"),
    "PR": _("pairs"),
    "MTR": _("metres"),
    "MTK": _("square metres"),
    "PK": _("packages"),
}
LEVELS: tuple[str | Promise, ...] = (
    _("goods, origin, unit and month"),
    _("goods, origin and unit"),
    _("goods, unit and month, any origin"),
    _("goods and unit, any origin"),
    _("heading (four digits) and unit"),
    _("chapter (two digits) and unit"),
)
ROWS: Words = {
    "hs2": _("Chapter (2 digits)"),
    "hs4": _("Heading (4 digits)"),
    "hs6": _("Subheading (6 digits)"),
    "origin": _("Origin"),
    "port": _("Port of entry"),
    "importer": _("Importer"),
    "exporter": _("Exporter"),
    "type": _("Type"),
    "lane": _("Lane"),
}
MEASURES: Words = {
    "count": _("Declarations"),
    "amount": _("Invoice amount"),
    "mass": _("Net mass, kg"),
    "price": _("Mean value of a kilogram"),
    "price_ratio": _("Mean price over reference"),
    "mirror_ratio": _("Mean value, import over export"),
    "inspected": _("Inspected"),
    "found": _("With a finding"),
    "hit_rate": _("Hit rate"),
}
SPANS: Words = {"day": _("Day"), "week": _("Week"), "month": _("Month")}
ROLES: Mapping[str, tuple[str | Promise, str]] = {
    "champion": (_("Champion"), "success"),
    "challenger": (_("Challenger"), "info"),
    "retired": (_("Retired"), "neutral"),
}


def reason_texts(told: Sequence[Sequence[object]], language: str) -> list[str]:
    """Reasons as an officer reads them."""
    return [
        reason(str(name), float("nan") if value is None else float(str(value)), float(str(share))).text(language[:2])
        for name, value, share in told
    ]
