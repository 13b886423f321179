"""The control room, a movement's dossier and the officer at the gate, in both languages and widths."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.browser
Opened = Callable[..., object]


@pytest.mark.parametrize(("country", "viewport"), [("US", "desktop"), ("MX", "phone")])
def test_control_room_dossier_and_gate_are_usable_by_everybody(
    officer_screen: Opened, country: str, viewport: str
) -> None:
    screen = officer_screen(country, "transit", viewport)
    page = screen.page  # type: ignore[attr-defined]
    for path in ("", "movements/", "gate/"):
        assert screen.open(f"/transit/{path}") == 200, path  # type: ignore[attr-defined]
        screen.assert_accessible()  # type: ignore[attr-defined]
    screen.open("/transit/movements/")  # type: ignore[attr-defined]
    dossier = page.locator('main a[href^="/transit/movements/"]:not([href$="/new/"])').first
    with page.expect_navigation():
        dossier.click()
    screen.assert_accessible()  # type: ignore[attr-defined]
