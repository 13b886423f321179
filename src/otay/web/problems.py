"""Problem documents (RFC 9457): how the API says that something went wrong."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse

PROBLEM_JSON = "application/problem+json"


def problem(status: int, title: str, **members: Any) -> HttpResponse:
    """A problem document with ``title`` and whatever else helps to mend it."""
    body = {"type": "about:blank", "title": title, "status": status, **members}
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=PROBLEM_JSON)
