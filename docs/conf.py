"""Sphinx settings of the manual; ``tools/manual.py`` gathers the pages of one language and builds them with these."""

project = "Otay"
author = "The Otay authors"
copyright = "The Otay authors. Apache License 2.0"

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

highlight_language = "text"

html_theme = "furo"
html_title = "Otay"
html_copy_source = False
html_show_sphinx = False
templates_path = ["_templates"]
html_static_path = []
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
