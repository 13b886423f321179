"""The JSON API: every room's router under ``/api/v1/``, OpenAPI 3.1, errors as problem+json (RFC 9457)."""

from __future__ import annotations

from importlib import import_module

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from otay.core.errors import OtayError
from otay.core.findings import error
from otay.node import registry
from otay.node.api_auth import AUTH, THROTTLES
from otay.web.errors import unstorable
from otay.web.openapi import RoomsApi
from otay.web.problems import problem

api = RoomsApi(
    title="Otay",
    version="1",
    description="What officers, traders, carriers and the neighbour's node can ask of this node and tell it.",
    auth=AUTH,
    throttle=[*THROTTLES],
    docs_url=None,  # our own page, web/api_docs.html: the stock one loads scripts from elsewhere
    urls_namespace="api",
)


@api.exception_handler(OtayError)
def _expected(request: HttpRequest, exc: OtayError) -> HttpResponse:
    language = get_language() or "en"
    findings = [finding.as_dict(language) for finding in exc.findings]
    return problem(exc.status, exc.text(language), **({"findings": findings} if findings else {}))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    language = get_language() or "en"
    findings = [
        error("/" + "/".join(map(str, item["loc"][1:])), f"schema.{item['type']}", "%(problem)s", problem=item["msg"])
        for item in exc.errors
    ]
    return problem(
        422,
        _("The request does not have the shape that this door expects"),
        findings=[finding.as_dict(language) for finding in findings],
    )


@api.exception_handler(DataError)
def _not_storable(request: HttpRequest, exc: DataError) -> HttpResponse:
    return problem(422, unstorable(exc))


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
    answer = problem(401, _("Sign in, or send a bearer token"))
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(Throttled)
def _too_fast(request: HttpRequest, exc: Throttled) -> HttpResponse:
    answer = problem(429, _("Too many requests: wait before the next"))
    if exc.wait:
        answer["Retry-After"] = str(int(exc.wait) + 1)
    return answer


@api.exception_handler(HttpError)
def _http(request: HttpRequest, exc: HttpError) -> HttpResponse:
    return problem(exc.status_code, str(exc))


for entry in registry.apis:
    module, name = entry.router.split(":")
    api.add_router(entry.prefix, getattr(import_module(module), name), tags=[entry.tag])
