"""A node for the tests: made once a run, with SQLite by default or the database named by OTAY_TEST_DATABASE."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

_home = Path(tempfile.mkdtemp(prefix="otay-test-"))
os.environ["OTAY_HOME"] = str(_home)
if database := os.environ.get("OTAY_TEST_DATABASE"):
    os.environ["OTAY_DATABASE"] = database
os.environ["DJANGO_SETTINGS_MODULE"] = "otay.web.settings"

from otay.node import config  # noqa: E402

config.create(_home, country="US", name="Otay test node", language="en", url="http://testserver", time_zone="UTC")

import django  # noqa: E402

django.setup()  # the settings need the node's home, so pytest-django could not do it before this file was read


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Tests with transactions empty all tables: guards over them are put up only by the tests that are about them."""
    from django.conf import settings
    from django.db import connection

    from otay.node import protection

    # A password costs a third of a second to hash on purpose; tests make hundreds of people.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        for table in (protection.AUDIT, "declarations_declarationversion"):
            protection.remove(connection, table)
