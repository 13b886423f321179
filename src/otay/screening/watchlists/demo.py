"""Invented lists for a demo node: people, firms and documents that nobody has, marked as invented."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from otay.node.actors import SYSTEM, Actor, Kind
from otay.node.config import NodeConfig
from otay.screening.watchlists import services
from otay.screening.watchlists.models import Watchlist

SECOND = Actor(Kind.SYSTEM, "system:demo-second", "Second invented officer (demo)")


def _person(key: str, given: str, surnames: str, birth: str, **more: Any) -> dict[str, Any]:
    return {
        "key": key, "kind": "person", "names": [{"given": given, "surnames": surnames}],
        "birth_dates": [birth] if birth else [], **more,
    }  # fmt: skip


def _firm(key: str, name: str, *aliases: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "organisation", "names": [name, *aliases], "category": "customs", **more}


def _paper(number: str, issuer: str, remarks: str) -> dict[str, Any]:
    return {
        "key": f"{issuer}-{number}", "kind": "document", "category": "document", "remarks": remarks,
        "documents": [{"number": number, "type": "passport", "issuer": issuer}],
    }  # fmt: skip


COURT = [
    _person("INV-001", "Evaristo", "Quiñonera Tabardillo", "1974-05-09", nationalities=["MX"], sex="M",
            reference="Causa 12/2025 (inventada)", action="Detener y avisar a la guardia. Caso inventado."),
    _person("INV-002", "María Gpe.", "De la Hoz Berruguete", "1983-12-01", nationalities=["MX"], sex="F",
            documents=[{"number": "G88100021", "type": "passport", "issuer": "MX"}]),
    _person("INV-003", "Casimiro", "Zorrozua", "1969", nationalities=["ES"], sex="M"),
    _person("INV-004", "Wendell", "Thornaby-Quill", "1990-08-17", nationalities=["US"], sex="M"),
    _person("INV-005", "Ximena", "Alcocerreña Patiñez", "2011-02-20", category="missing", sex="F", nationalities=["MX"],
            action="Persona menor de edad desaparecida: proteger, no interrogar. Caso inventado."),
    _person("INV-006", "J. Refugio", "Hdez. Talamantesco", "1958-11-30", category="smuggling", nationalities=["MX"]),
]  # fmt: skip
FIRMS = [
    _firm("EMP-01", "Importadora Quetzalmar del Noroeste, S.A. de C.V.", "Quetzalmar", "IQN",
          documents=[{"number": "IQN010203AB1", "type": "RFC", "issuer": "MX"}]),
    _firm("EMP-02", "Blackthistle Freight Partners LLC", "Blackthistle Logistics"),
    _firm("EMP-03", "Comercializadora Tres Nopalitos", remarks="Empresa inventada."),
]  # fmt: skip
PAPERS = [
    _paper("G88200011", "MX", "Robo denunciado (inventado)"),
    _paper("588200024", "US", "Reported lost (invented)"),
    _paper("AAB882003", "ES", "Extraviado (inventado)"),
]


def seed(config: NodeConfig) -> None:
    """Make the lists that are not there yet and put them in force."""
    with override("es" if config.country == "MX" else "en"):
        lists = (
            ("demo-court", _("Court orders and missing persons (invented)"), "wanted", COURT),
            ("demo-firms", _("Customs offences of firms (invented)"), "customs", FIRMS),
            ("demo-documents", _("Lost and stolen passports (invented)"), "document", PAPERS),
        )
        for key, title, category, entries in lists:
            if not Watchlist.objects.filter(key=key).exists():
                _keep(key, title, category, entries)


def _keep(key: str, title: str, category: str, entries: list[dict[str, Any]]) -> None:
    services.open_list(
        actor=SYSTEM, key=key, title=title, category=category, source=_("Invented for the demonstration"),
        basis=_("None: every entry is invented"), contact=_("Demonstration desk, extension 000"), invented=True,
    )  # fmt: skip
    made = services.propose_entries(
        actor=SYSTEM, watchlist=key, entries=entries, why=_("Invented cases for the demonstration")
    )
    services.activate(actor=SECOND, version=made.pk, note=_("Invented"))
