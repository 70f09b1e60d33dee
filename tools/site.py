"""Builds the website: lessons, causes, ledger, documents and the reference, as files that need no network.

uv run --group site python tools/site.py            # into site/
uv run --group site python tools/site.py --serve    # and shows it at http://127.0.0.1:8001

Each warning of Sphinx is an error, and so is a link that leads nowhere, or anything that a page loads from elsewhere.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import shutil
import subprocess
import sys
import time
from pathlib import Path

from website.links import faults_of
from website.sources import write_sources

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "website"
SOURCES = BUILD / "sources"
HTML = BUILD / "html"  # myst-nb writes a folder of its own beside it
SITE = ROOT / "site"
CONFIGURATION = Path(__file__).parent / "website"


def build() -> None:
    """Sphinx, with each warning an error. Ends the program where one comes."""
    command = [sys.executable, "-P", "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-j", "2", "-E"]
    command += ["-d", str(BUILD / "doctrees"), "-c", str(CONFIGURATION), str(SOURCES), str(HTML)]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit("the website was not built: what Sphinx says above has to be mended first")


def serve() -> None:
    """Shows the website until Ctrl-C, to this machine alone."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 8001), handler) as server:
        print("http://127.0.0.1:8001, until Ctrl-C")
        server.serve_forever()


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--serve", action="store_true", help="show it at http://127.0.0.1:8001")
    wanted = options.parse_args()
    begun_s = time.monotonic()
    shutil.rmtree(BUILD, ignore_errors=True)
    write_sources(ROOT, SOURCES)
    build()
    links, faults = faults_of(HTML)
    if faults:
        sys.exit("\n".join([*faults, f"{len(faults)} links lead nowhere, or load from elsewhere"]))
    shutil.rmtree(SITE, ignore_errors=True)
    HTML.rename(SITE)
    pages = len(list(SITE.rglob("*.html")))
    size_mb = sum(file.stat().st_size for file in SITE.rglob("*") if file.is_file()) / 1e6
    print(f"site/: {pages} pages, {links} links lead somewhere, {size_mb:.1f} MB, {time.monotonic() - begun_s:.0f} s")
    if wanted.serve:
        serve()


if __name__ == "__main__":
    main()
