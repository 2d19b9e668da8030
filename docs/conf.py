"""Sphinx settings.  The pages are Markdown; every Python example on them runs in the doctest builder."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docutils import nodes
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE: Final = Path(__file__).resolve().parent

project = "ffi_core"
author = "The ffi_core authors"
copyright = "2026, The ffi_core authors"  # noqa: A001 - Sphinx's name for it

extensions = ["myst_parser", "sphinx.ext.doctest"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "ffi_core"

exclude_patterns = ["performance/*.md"]  # parts of performance.md

nitpicky = True

# Exact texts, of errors as well; "..." stands for what differs from machine to machine.
doctest_default_flags = doctest.ELLIPSIS

# Every page runs in a folder of its own, where it may write and compile modules.
doctest_global_setup = f"""
import os, shutil, sys, tempfile
import doctest
from pathlib import Path
DOCS = Path({str(HERE)!r})
_before, _folder = os.getcwd(), tempfile.mkdtemp()
os.chdir(_folder)
sys.path.insert(0, _folder)
"""
doctest_global_cleanup = """
os.chdir(_before)
sys.path.remove(_folder)
shutil.rmtree(_folder)
"""


def check_examples_run(_app: Sphinx, doctree: nodes.document) -> None:
    """Warn of a Python example that the doctest builder would not run."""
    for node in doctree.findall(nodes.literal_block):
        is_python = node.get("language") in {"python", "pycon", "python3"}
        if is_python and "testnodetype" not in node and "source" not in node:
            logging.getLogger(__name__).warning("this example is not run: make it a doctest or testcode", location=node)


def setup(app: Sphinx) -> None:
    """Register the check."""
    app.connect("doctree-read", check_examples_run)
