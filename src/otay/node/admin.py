"""Django's back office, for administrators: to look, not to change. Changes go through the services and their audit."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest

from otay.node.models import ApiClient, AuditEvent, JobRun, RoleAssignment, ScheduledJob, User


class ReadOnly(admin.ModelAdmin[Any]):
    """A table that is looked at."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


@admin.register(User)
class UserAdmin(ReadOnly):
    """People."""

    list_display = ("username", "first_name", "last_name", "is_active", "last_login")
    search_fields = ("username", "last_name")
    exclude = ("password", "groups", "user_permissions")


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(ReadOnly):
    """Who holds which role where."""

    list_display = ("user", "role", "port", "given_at", "given_by")


@admin.register(ApiClient)
class ApiClientAdmin(ReadOnly):
    """Programs."""

    list_display = ("key", "name", "role", "party", "created_at", "revoked_at")
    exclude = ("token_digest",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    """The audit log."""

    list_display = ("sequence", "at", "actor", "action", "subject")
    exclude = ("body_digest", "link")


@admin.register(ScheduledJob)
class ScheduledJobAdmin(ReadOnly):
    """Periodic jobs."""

    list_display = ("key", "last_run", "next_run", "last_error")


@admin.register(JobRun)
class JobRunAdmin(ReadOnly):
    """Runs of long jobs."""

    list_display = ("id", "job", "state", "started_by", "created_at", "finished_at")


# Django's groups are not this house's roles, secrets of second factors are nobody's to look at, and e-mail addresses
# of the sign-in library could be written here past the audit.
for model in (Group, Authenticator, EmailAddress):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
