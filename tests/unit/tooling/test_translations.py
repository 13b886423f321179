"""The translation tool, run on small packages of its own."""

from __future__ import annotations

import gettext
import io
from pathlib import Path

import po
import pytest
import translations
from hypothesis import given
from hypothesis import strategies as st

PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext
LABEL = _("Port of entry")
def say(n):
    # Translators: a lane, not an e-mail
    pgettext("lane", "Open")
    return ngettext("%(n)s truck", "%(n)s trucks", n) % {"n": n}
"""
JINJA = """
{% extends "web/base.html" %}
{% block content %}
  {{ _("Released by %(officer)s", officer=name) }}
  {% trans count=n %}One seal{% pluralize %}{{ count }} seals{% endtrans %}
{% endblock %}
"""
DJANGO = """
{% load i18n %}
    <h1>{% translate "Sign in" %}</h1>
  {% blocktranslate with who=user.name %}Welcome back, {{ who }}{% endblocktranslate %}
"""


@pytest.fixture
def source(tmp_path: Path) -> translations.Source:
    files = {
        "otay/__init__.py": "",
        "otay/places/__init__.py": PYTHON,
        "otay/places/jinja2/places/page.html": JINJA,
        "otay/places/templates/account/login.html": DJANGO,
        "otay/goods/__init__.py": "",
        "otay/goods/transit/__init__.py": "from django.utils.translation import gettext as _\nA = _('Port of entry')\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return translations.Source(tmp_path)


def run(source: translations.Source, *arguments: str) -> int:
    return translations.main([*arguments, "--src", str(source.top.parent)])


def translate(source: translations.Source, package: str, texts: dict[str, tuple[str, ...]]) -> None:
    path = translations.catalogue(source.package(package))
    entries = po.read(path)
    for entry in entries:
        entry.strings = texts.get(entry.message, entry.strings)
    path.write_text(po.dump(entries))


SPANISH = {
    "Port of entry": ("Puerto de entrada",),
    "Open": ("Abierto",),
    "%(n)s truck": ("%(n)s camión", "%(n)s camiones"),
    "Released by %(officer)s": ("Liberado por %(officer)s",),
    "One seal": ("Un candado", "%(count)s candados"),
    "Sign in": ("Iniciar sesión",),
    "Welcome back, %(who)s": ("Le damos la bienvenida, %(who)s",),
}


@pytest.fixture
def complete(source: translations.Source) -> translations.Source:
    run(source, "update")
    translate(source, "otay.places", SPANISH)
    run(source, "update")
    return source


def test_every_kind_of_source_is_read(source: translations.Source) -> None:
    found = translations.extract(source, source.package("otay.places"))
    assert {message for _context, message in found} == set(SPANISH)
    assert found["", "%(n)s truck"].plural == "%(n)s trucks"
    assert found["", "One seal"].plural == "%(count)s seals"
    assert found["lane", "Open"].notes == ["a lane, not an e-mail"]


def test_a_complete_catalogue_passes_and_a_second_update_changes_nothing(complete: translations.Source) -> None:
    path = translations.catalogue(complete.package("otay.places"))
    before = path.read_bytes()
    assert run(complete, "update") == 0
    assert path.read_bytes() == before
    assert run(complete, "check") == 0


def test_a_text_known_elsewhere_is_reused(complete: translations.Source) -> None:
    (entry,) = po.read(translations.catalogue(complete.package("goods.transit")))
    assert entry.strings == ("Puerto de entrada",)


def test_what_the_code_no_longer_says_is_dropped(complete: translations.Source) -> None:
    (complete.package("goods.transit") / "__init__.py").write_text("")
    assert run(complete, "check") == 1
    run(complete, "update")
    assert not translations.catalogue(complete.package("goods.transit")).exists()
    assert run(complete, "check") == 0


@pytest.mark.parametrize(
    ("message", "strings", "says"),
    [
        ("Sign in", ("",), "not translated"),
        ("%(n)s truck", ("un camión", ""), "not translated"),
        ("Released by %(officer)s", ("Liberado por %(oficial)s",), "other placeholders"),
        ("%(n)s truck", ("un camión", "camiones"), "other placeholders"),
        ("Sign in", ("<b>Iniciar</b> sesión",), "other HTML tags"),
        ("Sign in", ("Iniciar sesión ",), "blanks at the ends"),
        ("Port of entry", ("Cruce",), "use one, or pgettext"),
    ],
)
def test_faults_are_named(
    complete: translations.Source,
    capsys: pytest.CaptureFixture[str],
    message: str,
    strings: tuple[str, ...],
    says: str,
) -> None:
    translate(complete, "otay.places", {message: strings})
    capsys.readouterr()
    assert run(complete, "check") == 1
    assert says in capsys.readouterr().out


def test_a_new_message_and_a_fuzzy_mark_are_named(
    complete: translations.Source, capsys: pytest.CaptureFixture[str]
) -> None:
    with (complete.package("otay.places") / "__init__.py").open("a") as code:
        code.write('NEW = _("New")\n')
    path = translations.catalogue(complete.package("otay.places"))
    path.write_text(path.read_text().replace('msgid "Sign in"', '#, fuzzy\nmsgid "Sign in"'))
    assert run(complete, "check") == 1
    told = capsys.readouterr().out
    assert "'New' is in the code but not in the catalogue" in told
    assert "'Sign in' is marked fuzzy" in told


def test_compiled_catalogue_is_read_by_gettext(complete: translations.Source) -> None:
    run(complete, "compile")
    with translations.catalogue(complete.package("otay.places")).with_suffix(".mo").open("rb") as binary:
        spanish = gettext.GNUTranslations(binary)
    assert spanish.gettext("Sign in") == "Iniciar sesión"
    assert spanish.pgettext("lane", "Open") == "Abierto"
    assert spanish.ngettext("One seal", "%(count)s seals", 1) == "Un candado"
    assert spanish.ngettext("One seal", "%(count)s seals", 3) == "%(count)s candados"


def test_an_unreadable_entry_says_where(tmp_path: Path) -> None:
    path = tmp_path / "django.po"
    path.write_text(po.dump([po.Entry("A")]) + '\nmsgid "B\nmsgstr ""\n')
    with pytest.raises(po.CatalogueError, match=r"django\.po:12"):
        po.read(path)


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0\4"))
words = texts.filter(str.strip)


@given(st.dictionaries(words, st.tuples(texts, words | st.just(""), words, words), max_size=5))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, drawn: dict[str, tuple[str, ...]]
) -> None:
    entries = [
        po.Entry(message, plural, context, (one, other) if plural else (one,))
        for message, (context, plural, one, other) in drawn.items()
    ]
    path = tmp_path_factory.mktemp("po") / "django.po"
    path.write_text(po.dump(entries), encoding="utf-8")
    assert sorted(po.read(path), key=lambda entry: entry.key) == sorted(entries, key=lambda entry: entry.key)
    assert po.dump(po.read(path)) == path.read_text(encoding="utf-8")
    gettext.GNUTranslations(io.BytesIO(po.compiled(entries)))
