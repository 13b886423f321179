from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def room(db: None) -> Iterator[None]:
    """The test room with its table."""
    from factories import intake as factory  # needs the apps, which are not ready when this file is read

    factory.make_table()
    with factory.open_room():
        yield
    factory.drop_table()
