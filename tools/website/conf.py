"""Sphinx reads this file: how the website is built."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))

from docutils.nodes import literal, reference
from sphinx.addnodes import pending_xref

import labkit
from website.links import OWN_MACHINE
from website.reference import process

project = "labkit"
author = "The labkit authors"
copyright = author  # Sphinx asks for this name
release = labkit.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.githubpages", "sphinx_copybutton"]

# Lessons are committed executed: what they printed is shown, and nothing runs here.
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, Any] = {}  # no script from a CDN
myst_enable_extensions = ["attrs_block", "colon_fence"]
myst_heading_anchors = 4

default_role = "code"
smartquotes = False  # --compare is an option, and not a dash
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
maximum_signature_line_length = 70
autodoc_inherit_docstrings = False  # tornado writes its own marks
napoleon_numpy_docstring = False
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "labkit"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/favicon.svg"
html_search_scorer = str(Path(__file__).parent / "scorer.js")
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": False}
copybutton_exclude = ".linenos, .gp, .go"


def without_false_links(app: Any, doctree: Any) -> None:
    """Takes the link from `bytes` and its like, where an attribute has that name, and from one's own machine."""
    for link in list(doctree.findall(pending_xref)):
        if link.get("refdomain") == "py" and hasattr(builtins, link["reftarget"]):
            link.replace_self(link.children)
    for link in list(doctree.findall(reference)):
        if urlsplit(link.get("refuri", "")).hostname in OWN_MACHINE:
            link.replace_self(literal("", link.astext()))


def public_name(app: Any, env: Any, link: Any, shown: Any) -> Any:
    """Leads from the module where a name is written to the room that offers it, where the reference has it."""
    parts = link.get("reftarget", "").split(".")
    if link.get("refdomain") != "py" or parts[0] != "labkit" or len(parts) < 3:
        return None
    objects = env.get_domain("py")
    offered = [name for name in objects.objects if name.split(".")[2:] == [parts[-1]]]
    here = link.get("refdoc", "")
    return objects.resolve_xref(env, here, app.builder, "obj", offered[0], link, shown) if len(offered) == 1 else None


#: By folder: the menu of a page that is not in the menu itself. It is the same for all of them, and takes long to make.
menus: dict[str, str] = {}


def one_menu(app: Any, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Makes the menu of causes, products and files of code once for each folder."""
    folder = name.rpartition("/")[0]
    if folder.split("/")[0] in ("causes", "products", "source") and name != "products/index":
        make = context["toctree"]

        def menu(**wanted: Any) -> str:
            if folder not in menus:
                menus[folder] = make(**wanted)
            return menus[folder]

        context["toctree"] = menu


def setup(app: Any) -> None:
    app.connect("html-page-context", one_menu, priority=100)  # before furo asks for it
    app.connect("autodoc-process-docstring", process, priority=100)  # before napoleon, whose marks it must not touch
    app.connect("doctree-read", without_false_links)
    app.connect("missing-reference", public_name)
