"""AG-UI's own client for pages, in Node.js, before streams that the standard allows: which events does it get?

uv run python benchmarks/ag_ui_readers.py [--store]

npm installs @ag-ui/client into a folder of the system's temporary one, once. --store puts the table into
docs/measured.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from sections import store_section

from labkit.errors import LabError
from labkit.wire import Decoder, Event

FOLDER = Path(tempfile.gettempdir()) / "labkit-ag-ui-node"
PACKAGE = "@ag-ui/client@1.0.0"
STREAMS = {
    "as its encoder writes it": 'data: {"n":1}\n\ndata: {"n":2}\n\n',
    "without the blank": 'data:{"n":1}\n\ndata:{"n":2}\n\n',
    "with CRLF": 'data: {"n":1}\r\n\r\ndata: {"n":2}\r\n\r\n',
    "cut before the last blank line": 'data: {"n":1}\n\ndata: {"n":2}\n',
}
SCRIPT = """
import { parseSSEStream } from "@ag-ui/client";
import { Subject } from "rxjs";
const told = {};
for (const [name, text] of Object.entries(JSON.parse(process.argv[2]))) {
  const source = new Subject(), got = [];
  parseSSEStream(source).subscribe({ next: ({ n }) => got.push(`${n}`), error: () => got.push("an error") });
  source.next({ type: "data", data: new TextEncoder().encode(text) });
  source.complete();
  told[name] = got;
}
console.log(JSON.stringify(told));
"""


def read_by_node() -> dict[str, list[str]]:
    """What the client gave for each stream.

    Raises:
        LabError: node or npm is missing, or npm does not reach its registry.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise LabError("node or npm is not installed. Install Node.js")
    FOLDER.mkdir(exist_ok=True)
    if not (FOLDER / "node_modules" / "@ag-ui" / "client").exists():
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent", PACKAGE]
        if subprocess.run(command, cwd=FOLDER, timeout=180).returncode:
            raise LabError(f"npm could not install {PACKAGE}")
    (FOLDER / "read.mjs").write_text(SCRIPT)
    command = [node, "read.mjs", json.dumps(STREAMS)]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True, timeout=60)
    told: dict[str, list[str]] = json.loads(done.stdout)
    return told


def by_the_standard(text: str) -> list[str]:
    """What is dispatched."""
    return [str(json.loads(one.data)["n"]) for one in Decoder().feed(text.encode()) if isinstance(one, Event)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", action="store_true", help="into docs/measured.md")
    options = parser.parse_args()
    told = read_by_node()
    lines = [
        "## AG-UI's own client",
        "",
        f"Which of two events {PACKAGE} gets, in Node.js, on {datetime.date.today()}.",
        "",
        "| the stream | the client | the standard |",
        "|---|---|---|",
    ]
    for name, text in STREAMS.items():
        lines.append(f"| {name} | {', '.join(told[name])} | {', '.join(by_the_standard(text))} |")
    print("\n".join(lines))
    if options.store:
        store_section("ag_ui_readers", "\n".join(lines))


if __name__ == "__main__":
    main()
