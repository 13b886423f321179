"""The roof as a Django app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Home page, navigation and templates."""

    name = "otay.web"
    label = "web"
