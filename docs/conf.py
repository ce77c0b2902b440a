"""Sphinx: the manual. `./dev docs` builds it into build/docs."""

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # lowlevel_pages

project = "pyGlobus"
author = "The pyGlobus developers"
version = release = importlib.metadata.version("globus-hl")
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "lowlevel_pages",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
html_theme = "furo"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_use_ivar = True
myst_heading_anchors = 3
# The docstrings of base classes of the standard library are not ours.
autodoc_inherit_docstrings = False
