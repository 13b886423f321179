"""The roof: settings, URLs, navigation, base templates and the home page."""
