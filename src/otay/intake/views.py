"""The message log and a message's page."""

from __future__ import annotations

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from otay.core.errors import Refused
from otay.intake import bodies, queries, services, showing
from otay.intake.forms import LogFilter, Replay, Send
from otay.intake.incoming import Incoming, Receipt
from otay.intake.models import Channel, StoredMessage
from otay.intake.registry import State
from otay.node import audit
from otay.node.actors import Actor
from otay.node.guarding import needs

PAGE = 50


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@login_required
@require_GET
def log(request: HttpRequest) -> HttpResponse:
    """Messages, newest first."""
    actor = _actor(request)
    form = LogFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    found = queries.message_log(
        actor, **{name: wanted.get(name, "") for name in ("state", "sender", "format", "reference")}
    )
    if before := wanted.get("before"):
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    context = {
        "form": form,
        "rows": rows[:PAGE],
        "older": _older(request, rows) if len(rows) > PAGE else "",
        "newest": _newest(request) if before else "",
        "sees_all": actor.may("intake.view") and not actor.party,
        "may_send": actor.may("intake.submit"),
    }
    return render(request, "intake/log.html", context)


def _older(request: HttpRequest, rows: list[StoredMessage]) -> str:
    query = request.GET.copy()
    query["before"] = str(rows[PAGE - 1].pk)
    return "?" + query.urlencode()


def _newest(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    return "?" + query.urlencode()


@login_required
def send(request: HttpRequest) -> HttpResponse:
    """Hand in a message on a page."""
    actor = _actor(request)
    actor.require("intake.submit")
    form = Send(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        item = Incoming(_given(form), form.cleaned_data["reference"], form.cleaned_data["format"], _name(form))
        receipt = services.receive(actor=actor, items=[item], channel=Channel.PAGE)[0]
        _tell(request, receipt)
        return redirect("intake:message", receipt.id)
    return render(request, "intake/send.html", {"form": form}, status=422 if form.errors else 200)


def _given(form: Send) -> bytes:
    file = form.upload()
    if file is not None:
        return bodies.whole(file)
    return str(form.cleaned_data["text"]).replace("\r\n", "\n").encode()  # browsers send every line end as CR LF


def _name(form: Send) -> str:
    file = form.upload()
    return (file.name or "") if file else ""


def _tell(request: HttpRequest, receipt: Receipt) -> None:
    if receipt.duplicate:
        notices.info(request, _("This message was here before; below is what became of it."))
    elif receipt.state is State.ACCEPTED:
        notices.success(request, _("The message was accepted."))
    elif receipt.state is State.RECEIVED:
        notices.info(request, _("The message is stored and will be applied shortly."))
    elif receipt.state is State.PARTLY:
        notices.warning(request, _("Part of the message was accepted; the findings name the rest."))
    else:
        notices.error(request, _("The message was refused; the findings say why."))


@login_required
@require_GET
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    """One message: what became of it, what was found, and how it came. Looking inside leaves a trace."""
    actor = _actor(request)
    row = queries.visible_message(actor, message_id)
    return _message_page(request, row, Send(initial={"reference": row.reference, "format": row.format}), 200)


def _message_page(request: HttpRequest, row: StoredMessage, form: Send, status: int) -> HttpResponse:
    actor = _actor(request)
    raw = queries.raw_bytes(row)
    with transaction.atomic():
        audit.record(actor=actor, action="intake.viewed", subject=f"message:{row.pk}", sender=row.sender)
    own = row.sender in queries.own_senders(actor)
    manages = actor.may("intake.manage")
    corrections = list(row.corrections.order_by("pk").defer("raw"))
    open_ = row.state == State.REFUSED and not any(later.state != State.REFUSED for later in corrections)
    raw_shown = showing.raw_view(raw)
    if not form.is_bound and raw_shown.kind == "text" and not raw_shown.cut:
        form.initial["text"] = raw_shown.text
    context = {
        "row": row,
        "sha256": bytes(row.digest).hex(),
        "findings": [finding.as_dict(get_language() or "en") for finding in queries.findings_of(row)],
        "raw": raw_shown,
        "parsed": showing.parsed_view(raw, row.format, row.name),
        "corrections": corrections,
        "may_correct": open_ and (manages or (own and actor.may("intake.submit"))),
        "may_replay": open_ and manages,
        "form": form,
        "replay_form": Replay(),
    }
    return render(request, "intake/message.html", context, status=status)


@login_required
@require_GET
def raw(request: HttpRequest, message_id: int) -> HttpResponse:
    """The bytes as they came, to keep; never shown by the browser as anything but a file."""
    actor = _actor(request)
    row = queries.visible_message(actor, message_id)
    with transaction.atomic():
        audit.record(actor=actor, action="intake.downloaded", subject=f"message:{row.pk}", sender=row.sender)
    answer = HttpResponse(queries.raw_bytes(row), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="message-{row.pk}.bin"'
    return answer


@login_required
@require_POST
@needs("intake.submit", "intake.manage")
def correct(request: HttpRequest, message_id: int) -> HttpResponse:
    """Put a corrected message in the place of a refused one."""
    actor = _actor(request)
    row = queries.visible_message(actor, message_id)
    form = Send(request.POST, request.FILES)
    if not form.is_valid():
        return _message_page(request, row, form, 422)
    try:
        receipt = services.correct(
            actor=actor, message_id=row.pk, raw=_given(form), reference=form.cleaned_data["reference"],
            format=form.cleaned_data["format"],
        )  # fmt: skip
    except Refused as problem:
        form.add_error(None, problem.text(get_language() or "en"))
        return _message_page(request, row, form, 422)
    _tell(request, receipt)
    return redirect("intake:message", receipt.id)


@login_required
@require_POST
@needs("intake.manage")
def replay(request: HttpRequest, message_id: int) -> HttpResponse:
    """Apply a refused message once more, unchanged."""
    actor = _actor(request)
    form = Replay(request.POST)
    if not form.is_valid():
        notices.error(request, _("Say why the message is replayed."))
        return redirect("intake:message", message_id)
    receipt = services.replay(actor=actor, message_ids=[message_id], reason=form.cleaned_data["reason"])[0]
    _tell(request, receipt)
    return redirect("intake:message", message_id)
