"""Problem documents (RFC 9457): how the API says that something went wrong."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse

PROBLEM_JSON = "application/problem+json"
PROBLEM_SCHEMA = {
    "title": "Problem",
    "type": "object",
    "description": "A problem document (RFC 9457). `findings` says what is wrong, where, and what to do.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "findings": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["type", "title", "status"],
}


def problem(status: int, title: str, **members: Any) -> HttpResponse:
    """A problem document with ``title`` and whatever else helps to mend it."""
    body = {"type": "about:blank", "title": title, "status": status, **members}
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=PROBLEM_JSON)
