"""Django settings of a node, from its own folder (see :mod:`otay.node.config`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from otay.core.i18n import locale_folders
from otay.node import logs
from otay.node.config import load, node_home

PACKAGE = Path(__file__).resolve().parents[1]
OTAY = load(node_home())

SECRET_KEY = OTAY.secret_key()
DEBUG = False
_host = urlsplit(OTAY.url)
ALLOWED_HOSTS = list({_host.hostname or "localhost", urlsplit(OTAY.exchange_url or OTAY.url).hostname or "localhost"})
CSRF_TRUSTED_ORIGINS = list(OTAY.trusted_origins)
_HTTPS = _host.scheme == "https"

ROOMS = [
    "otay.node",
    "otay.places",
    "otay.intake",
    "otay.exchange",
    "otay.screening",
    "otay.infrastructure.planning",
    "otay.people.passengers",
    "otay.goods.declarations",
    "otay.goods.transit",
    "otay.goods.investigations",
    "otay.partnership.plan",
]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    *ROOMS,
    "otay.web",
]

MIDDLEWARE = [
    "otay.node.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "otay.node.middleware.ActorMiddleware",
    "otay.web.language.LanguageMiddleware",
    "otay.web.errors.ErrorPages",
]

ROOT_URLCONF = "otay.web.urls"
WSGI_APPLICATION = "otay.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "jinja2",
        "APP_DIRS": True,  # <app>/jinja2/<app>/page.html
        "OPTIONS": {"environment": "otay.web.templating.environment"},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "otay.web.frame.for_django_templates",
            ]
        },
    },
]


def database(url: str) -> dict[str, Any]:
    """Django's settings for ``sqlite:///path`` or ``postgresql://user:password@host:port/name``."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "otay.node.sqlite",
            "NAME": parts.path,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": (
                    "PRAGMA journal_mode=WAL;"
                    f"PRAGMA synchronous={'FULL' if OTAY.durable else 'NORMAL'};"
                    "PRAGMA mmap_size=134217728;PRAGMA cache_size=-32000;"
                ),
            },
        }
    if parts.scheme in {"postgresql", "postgres"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": parts.port or "",
            "CONN_MAX_AGE": 300,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ValueError(f"database {url!r}: expected sqlite:///path or postgresql://user:password@host/name")


DATABASES = {"default": database(OTAY.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

AUTH_USER_MODEL = "node.User"
AUTHENTICATION_BACKENDS = ["otay.node.backends.NodeBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "otay.node.adapter.NodeAccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False  # a session ends with the browser, and after SESSION_COOKIE_AGE at the latest
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip,5/5m/key", "reauthenticate": "10/m/user"}
MFA_ADAPTER = "otay.node.adapter.NodeMfaAdapter"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _host.hostname in {"localhost", "127.0.0.1"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_TOTP_ISSUER = OTAY.name

LANGUAGE_CODE = OTAY.language
LANGUAGES = [("en", _("English")), ("es-mx", _("Spanish"))]
LOCALE_PATHS = locale_folders()
# Two nodes on one host name (the demo, on loopback ports) must not overwrite each other's cookies.
_COOKIE = f"otay_{OTAY.country.lower()}_"
LANGUAGE_COOKIE_NAME = f"{_COOKIE}language"
SESSION_COOKIE_NAME = f"{_COOKIE}session"
CSRF_COOKIE_NAME = f"{_COOKIE}csrf"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["otay.web.formats"]
CSRF_FAILURE_VIEW = "otay.web.errors.csrf_failure"

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Sign-in is throttled through the cache: several processes must share it (its table is made by `otay node migrate`).
_SHARED = OTAY.database.startswith("postgres") or os.environ.get("OTAY_WORKERS", "1") != "1"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "node_cache"}
    if _SHARED
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"] if not _HTTPS else []

LOGGING = logs.settings(OTAY.log)
