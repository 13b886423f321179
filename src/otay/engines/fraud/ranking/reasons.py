"""Reasons in words: what in a declaration raised its score, as an officer would say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from otay.core.i18n import N_, Term, translate

KEY_TEXTS = {
    "importer": N_("this importer"),
    "exporter": N_("this exporter"),
    "declarant": N_("this declarant"),
    "carrier": N_("this carrier"),
    "relation": N_("this importer with this exporter"),
    "importer_goods": N_("this importer with these goods"),
    "declarant_goods": N_("this declarant with goods of this heading"),
    "office": N_("this office"),
    "goods": N_("these goods"),
    "heading": N_("goods of this heading"),
    "chapter": N_("goods of this chapter"),
    "goods_origin": N_("these goods from this origin"),
    "heading_origin": N_("goods of this heading from this origin"),
    "chapter_origin": N_("goods of this chapter from this origin"),
    "goods_mass": N_("these goods in consignments of this mass"),
    "heading_mass": N_("goods of this heading in consignments of this mass"),
    "origin": N_("this origin"),
    "route": N_("this country of departure"),
    "route_origin": N_("this route, origin and kind of duty"),
    "tax": N_("this kind and rate of duty"),
    "type": N_("this type and use of import"),
}
_OWN = {
    "log_value": N_("the value of the consignment"),
    "log_net_mass": N_("the mass of the consignment"),
    "log_quantity": N_("the quantity"),
    "tax_rate": N_("a duty rate of %(value)s %%"),
    "price_of_kg": N_("the price of a kilogram"),
    "other_origin": N_("the origin is not the country of departure"),
    "weekday": N_("the day of the week"),
    "price_deviation": N_("the price lies %(value)s spreads off the reference price"),
    "price_gap": N_("the price is %(ratio)s of the reference price"),
    "importer_price": N_("the price is %(ratio)s of what this importer paid before for these goods"),
    "importer_price_sample": N_("how often this importer brought these goods before"),
    "relation_price": N_("the price is %(ratio)s of what this importer paid this exporter before for these goods"),
    "relation_price_sample": N_("how often this importer bought these goods from this exporter before"),
    "price_sample": N_("the number of comparable prices"),
    "mirror_value": N_("the value is %(ratio)s of what the neighbour's record says"),
    "mirror_mass": N_("the mass is %(ratio)s of what the neighbour's record says"),
    "mirror_quantity": N_("the quantity is %(ratio)s of what the neighbour's record says"),
    "mirror_goods": N_("the goods code differs from the neighbour's record"),
    "mirror_origin": N_("the origin differs from the neighbour's record"),
    "mirror_parts": N_("one export consignment was declared in parts"),
    "mirror_alone": N_("the neighbour has no record of these goods"),
    "mirror_confidence": N_("how surely the neighbour's record is of the same goods"),
    "mirror_tax": N_("by the neighbour's record the duty would be higher"),
    "mirror_duty": N_("by the neighbour's record duty of about %(money)s is missing"),
    "mirror_gap": N_("the neighbour's record differs more than honest ones do"),
    "source_cover": N_("the exporter imported such goods from a third country shortly before"),
    "source_margin": N_("little value was added after the import from a third country"),
}
_RATE = N_("past inspections of %(key)s found something in %(share)s %% (drawn towards the average)")
_CHECKED = N_("how often %(key)s was inspected")
_LODGED = N_("how often %(key)s was seen before")
_MIRROR = N_("the neighbour's records contradicted %(share)s %% of the declarations of %(key)s")
_GAP = N_("how long ago %(key)s was last seen")


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature that raised the score: its template, what fills it, and its share in log odds."""

    feature: str
    template: str
    params: dict[str, Any]
    share: float

    def text(self, language: str = "en") -> str:
        """The reason in ``language``."""
        return translate(self.template, language, **self.params)


def reason(feature: str, value: float, share: float) -> Reason:
    """The reason that ``feature`` with ``value`` gives."""
    key, _, what = feature.partition(":")
    if what:
        template = {
            "rate": _RATE, "checked": _CHECKED, "lodged": _LODGED, "gap": _GAP, "mirror": _MIRROR,
        }[what]  # fmt: skip
        params: dict[str, Any] = {"key": Term(KEY_TEXTS[key])}
        if what in ("rate", "mirror"):
            params["share"] = f"{100 * value:.0f}"
        return Reason(feature, template, params, share)
    params = {}
    template = _OWN.get(feature, feature)
    if "%(value)s" in template:
        params["value"] = f"{value:.1f}"
    if "%(money)s" in template:
        params["money"] = f"{np.expm1(value):,.0f}"
    if "%(ratio)s" in template:
        params["ratio"] = f"{np.exp(value):.0%}".replace("%", " %")
    return Reason(feature, template, params, share)
