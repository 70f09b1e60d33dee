"""Six small apps that people build with event streams, each beside its naive version.

An app is a folder with `server.py`, `page.html` and `page.js`, and beside them `naive_server.py` and `naive_page.js`:
what a tutorial writes. `labkit apps NAME` runs one.
"""

from labkit.apps.added_lines import AddedLines, added_lines
from labkit.apps.catalogue import CATALOGUE, App, catalogue_lines, find_app
from labkit.apps.launching import launch_app

__all__ = ["CATALOGUE", "AddedLines", "App", "added_lines", "catalogue_lines", "find_app", "launch_app"]
