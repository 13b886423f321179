"""A declaration's page leads to the movements that carry its goods, and a movement's dossier back."""

from __future__ import annotations

import pytest

from factories import declarations, node
from factories import transit_room as made
from otay.goods.declarations.models import Declaration
from otay.goods.transit.demo import seeding
from otay.goods.transit.domain.declared import Line
from otay.goods.transit.models import ConsignmentLine, Movement

pytestmark = pytest.mark.django_db


def test_pages_lead_to_one_another_as_far_as_the_reader_may_see() -> None:
    declaration = declarations.lodged()
    row = made.lodged(lines=[Line("Computers", "847130", declaration=declaration.number), Line("Cables", "854442")])
    path, back = f"/declarations/{declaration.number}/", f"/transit/movements/{row.mrn}/"
    officer = node.signed_in(node.make_person("transit"))
    page = officer.get(path).content.decode()
    assert f'href="{back}"' in page
    assert "Carried under seal" in page
    assert f'href="{path}"' in officer.get(back).content.decode()
    # a planner sees declarations and no movements; a carrier sees its movement and not what a broker lodged
    page = node.signed_in(node.make_person("planner")).get(path)
    assert page.status_code == 200
    assert row.mrn not in page.content.decode()
    carrier = node.signed_in(node.make_person("carrier", party="DEMO-CARRIER"))
    page = carrier.get(back).content.decode()
    assert declaration.number in page
    assert path not in page


def test_a_number_of_the_neighbours_declaration_is_no_link() -> None:
    row = made.lodged()
    ConsignmentLine.objects.filter(movement=row).update(declaration="26MX0000000000015")
    page = node.signed_in(node.make_person("transit")).get(f"/transit/movements/{row.mrn}/").content.decode()
    assert "26MX0000000000015" in page
    assert "/declarations/26MX" not in page


@pytest.mark.slow
def test_the_movements_of_the_demonstration_carry_declared_goods() -> None:
    seeding.seed()
    seeding.seed()
    own = Movement.objects.filter(peer="")
    assert own.count() == 6
    assert Movement.objects.count() == 12
    lines = {line.movement.vehicle: line for line in ConsignmentLine.objects.filter(movement__in=own)}
    for line in lines.values():
        declared = Declaration.objects.get(number=line.declaration)
        assert (declared.vehicle, declared.hs6, declared.type) == (line.movement.vehicle, line.hs6, "export")
    assert Declaration.objects.filter(type="import").count() == 6
