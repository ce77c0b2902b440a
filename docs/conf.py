"""Sphinx: the manual. `./dev docs` builds it into build/docs."""

import importlib.metadata

project = "pyGlobus"
author = "The pyGlobus developers"
version = release = importlib.metadata.version("globus-hl")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_use_ivar = True
myst_heading_anchors = 3
# The docstrings of base classes of the standard library are not ours.
autodoc_inherit_docstrings = False
