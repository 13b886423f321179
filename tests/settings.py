"""Django's settings for the tests: a node of their own in a scratch folder, whatever node the shell may name.

SQLite, or the database named by ``OTAY_TEST_DATABASE``. It stands in the node's file and not in the environment, so
that nodes which tests start as processes of their own keep to their own databases.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from otay.node import config

for name in [name for name in os.environ if name.startswith("OTAY_") and not name.startswith("OTAY_TEST_")]:
    del os.environ[name]

HOME = Path(tempfile.mkdtemp(prefix="otay-test-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
config.create(
    HOME,
    country="US",
    name="Otay test node",
    language="en",
    url="http://testserver",
    database=os.environ.get("OTAY_TEST_DATABASE"),
)
os.environ["OTAY_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "otay.web.settings"  # for processes that tests start

from otay.web.settings import *  # noqa: E402, F403

# A password costs a third of a second to hash on purpose; tests make hundreds of people.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# pytest-django keeps the tests' SQLite in memory only where the engine is Django's own by name.
if DATABASES["default"]["ENGINE"] == "otay.node.sqlite":  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405
