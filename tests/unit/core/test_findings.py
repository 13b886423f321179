"""What a finding tells its reader."""

import pytest

from otay.core.findings import error


@pytest.mark.parametrize(
    ("message", "remedy", "told"),
    [
        ("There is no such field", "See the manual.", "There is no such field. See the manual."),
        ("Not a date.", "Write 2023-04-23.", "Not a date. Write 2023-04-23."),
        ("Demand must not be negative", "", "Demand must not be negative"),
    ],
)
def test_message_and_remedy_are_sentences_that_follow_one_another(message: str, remedy: str, told: str) -> None:
    assert error("/demand", "test.rule", message, -1, remedy).advice() == told
