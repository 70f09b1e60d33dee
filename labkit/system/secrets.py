"""What is kept secret, and how. One rule for the whole package:

- What was given with a request (Authorization, Cookie, X-Api-Key, any header) goes to the origin that it was given for,
  and to no other that a redirect names: PASSED_ON has the headers that say nothing of who asks.
- What is shown, in an error, a report or a repr, holds no key: shown_url() and hidden().
- A child process gets what a program needs to run, and no key of this one: clean_environment().
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, unquote_plus, urlsplit

HIDDEN = "***"
#: The headers of a request that go on to another origin.
PASSED_ON = frozenset(
    {
        "accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-length", "content-type",
        "host", "last-event-id", "origin", "transfer-encoding", "user-agent",
    }
)  # fmt: skip
#: Anything shorter is found in words that are none of it.
MIN_SECRET_LENGTH = 4
#: The variables that a program needs to run: where things are, which language, which screen.
NEEDED = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "TERM",
        "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV",
        "CONDA_PREFIX", "SSL_CERT_FILE", "SSL_CERT_DIR", "JUPYTERHUB_SERVICE_PREFIX",
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA",
        "LOCALAPPDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMDATA", "NUMBER_OF_PROCESSORS",
    }
)  # fmt: skip
NEEDED_PREFIXES = ("LC_", "XDG_", "PYTHON", "COVERAGE_", "LABKIT_")
_KEY_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|COOKIE", re.IGNORECASE)
_USERINFO = re.compile(r"(^|//)[^/]*@")


def shown_url(url: str) -> str:
    """The URL for people to read: without name and password, without what its query and its fragment hold.

    >>> shown_url("https://me:sesame@example.org/v1?since=7&key=sesame&empty=#sesame")
    'https://***@example.org/v1?since=***&key=***&empty=#***'
    """
    rest, hash_mark, fragment = url.partition("#")
    address, question_mark, query = rest.partition("?")
    fields = []
    for field in query.split("&") if query else []:
        name, equals, value = field.partition("=")
        fields.append(f"{name}={HIDDEN if value else ''}" if equals else HIDDEN)
    address = _USERINFO.sub(rf"\1{HIDDEN}@", address)
    return f"{address}{question_mark}{'&'.join(fields)}{hash_mark}{HIDDEN if fragment else ''}"


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, such as an answer in which a server repeats what it was sent.

    >>> hidden("no such key: Bearer sesame", ["sesame"])
    'no such key: Bearer ***'
    """
    for secret in sorted(secrets, key=len, reverse=True):  # a part must not be taken out of the whole
        if len(secret) >= MIN_SECRET_LENGTH:
            text = text.replace(secret, HIDDEN)
    return text


def secrets_of(url: str, headers: Mapping[str, str] | None = None) -> frozenset[str]:
    """What is secret in a request: the values of its own headers, name and password in its URL, and its query's values.

    >>> sorted(secrets_of("http://me:pass@host/?key=S%21", {"Authorization": "Bearer sesame", "Accept": "text/html"}))
    ['Bearer sesame', 'S!', 'S%21', 'pass', 'sesame']
    """
    found: set[str] = set()
    for name, value in (headers or {}).items():
        if name.lower() not in PASSED_ON:
            found |= {value, ascii(value)[1:-1], value.rpartition(" ")[2]}  # the last without its scheme, "Bearer"
            if name.lower() == "cookie":
                found |= {crumb.partition("=")[2].strip() for crumb in value.split(";")}
    try:
        parts = urlsplit(url)
        password = parts.password or ""
    except ValueError:
        return frozenset(found - {""})
    values = [field.partition("=")[2] for field in parts.query.split("&")]
    return frozenset((found | {password, unquote(password), *values, *map(unquote_plus, values)}) - {""})


def clean_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a child process: what a program needs to run, and nothing whose name speaks of a key.

    >>> clean_environment({"PATH": "/bin", "LC_ALL": "C", "OPENAI_API_KEY": "S", "DATABASE_URL": "S"})
    {'PATH': '/bin', 'LC_ALL': 'C'}
    """
    given = os.environ if base is None else base
    return {name: value for name, value in given.items() if _is_needed(name.upper())}


def _is_needed(name: str) -> bool:
    return (name in NEEDED or name.startswith(NEEDED_PREFIXES)) and not _KEY_NAME.search(name)
