"""What one tends to write instead of the solution of the exercise cors_headers."""

from __future__ import annotations

import re
from collections.abc import Callable

from labkit.check.exercise import Trap
from labkit.check.exercises.cors_headers_origins import difference, host_of, name_of

Headers = dict[str, str]
Rule = Callable[[str, list[str]], Headers]

_ORIGIN, _CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
_VARY = {"Vary": "Origin"}


def _yes(origin: str) -> Headers:
    return {**_VARY, _ORIGIN: origin, _CREDENTIALS: "true"}


def _if(allows: Callable[[str, list[str]], bool]) -> Rule:
    """The right headers, by another comparison."""
    return lambda origin, allowed: _yes(origin) if allows(origin, allowed) else dict(_VARY)


def _answers(allowed_origin: Callable[[str], Headers], others: Callable[[str], Headers] = lambda origin: {}) -> Rule:
    """The right comparison, with other headers for the allowed origins and for the others; Vary is not added."""
    return lambda origin, allowed: allowed_origin(origin) if origin in allowed else others(origin)


def _everybody(headers: Callable[[str], Headers]) -> Rule:
    return lambda origin, allowed: headers(origin)


def _refuses(origin: str, allowed: list[str]) -> Headers:
    if origin not in allowed:
        raise PermissionError
    return _yes(origin)


TRAPS = (
    Trap(
        "star",
        _everybody(lambda origin: {**_VARY, _ORIGIN: "*", _CREDENTIALS: "true"}),
        "It allows everybody with `*`. Where a cookie is sent, a browser refuses this answer, even for the page that "
        "you meant: the header has to name the origin.",
        also=(
            _everybody(lambda origin: {_ORIGIN: "*", _CREDENTIALS: "true"}),
            _everybody(lambda origin: {_ORIGIN: "*"}),
            _everybody(lambda origin: {**_VARY, _ORIGIN: "*"}),
        ),
    ),
    Trap(
        "star for the allowed",
        _answers(lambda origin: {**_yes(origin), _ORIGIN: "*"}, lambda origin: dict(_VARY)),
        "It answers an allowed page with `*`. Where a cookie is sent, a browser refuses that: the header has to name "
        "the one origin that asked.",
        also=(
            _answers(lambda origin: {_ORIGIN: "*", _CREDENTIALS: "true"}),
            _answers(lambda origin: {_ORIGIN: "*"}),
            _answers(lambda origin: {**_VARY, _ORIGIN: "*"}, lambda origin: dict(_VARY)),
        ),
    ),
    Trap(
        "echo",
        _everybody(_yes),
        "It repeats whatever origin asks. Then every site on the web may read the stream, with your user's cookie. "
        "Only those on the list may.",
        also=(lambda origin, allowed: _yes(origin) if origin else dict(_VARY),),
    ),
    Trap(
        "echo, no vary",
        _everybody(lambda origin: {_ORIGIN: origin, _CREDENTIALS: "true"}),
        "It repeats whatever origin asks, so every site on the web may read the stream, with your user's cookie. And "
        "`Vary: Origin` is missing: a cache may give the answer for one page to another.",
        also=(lambda origin, allowed: {_ORIGIN: origin, _CREDENTIALS: "true"} if origin else {},),
    ),
    Trap(
        "whole list",
        lambda origin, allowed: {**_yes(origin), _ORIGIN: ", ".join(allowed)},
        "It sends the whole list. A browser expects one origin in this header, the one that asked, and refuses "
        "everything else.",
        also=(
            lambda origin, allowed: {**_yes(origin), _ORIGIN: ", ".join(allowed)} if origin in allowed else dict(_VARY),
            lambda origin, allowed: {**_yes(origin), _ORIGIN: ",".join(allowed)},
            lambda origin, allowed: {**_yes(origin), _ORIGIN: " ".join(allowed)},
            lambda origin, allowed: {_ORIGIN: ", ".join(allowed), _CREDENTIALS: "true"},
        ),
    ),
    Trap(
        "the first of the list",
        lambda origin, allowed: _yes(allowed[0]) if origin in allowed else dict(_VARY),
        "It names the first origin of the list, whoever asked. A browser compares the header with the page's own "
        "origin, and refuses another one.",
        also=(lambda origin, allowed: _yes(allowed[0]),),
    ),
    Trap(
        "no vary",
        lambda origin, allowed: _answers(lambda origin: {_ORIGIN: origin, _CREDENTIALS: "true"})(origin, allowed),
        "`Vary: Origin` is missing. The answer depends on the origin; a cache that does not know this gives the answer "
        "for one page to another.",
    ),
    Trap(
        "vary by everything",
        lambda origin, allowed: {**(_yes(origin) if origin in allowed else {}), "Vary": "*"},
        "`Vary: *` says that the answer depends on more than the request, and then nothing may be kept at all. It "
        "depends on the origin: `Vary: Origin`.",
    ),
    Trap(
        "vary for the allowed",
        _answers(_yes),
        "`Vary: Origin` is missing where the answer is no. A cache may keep that answer too, and give it to a page "
        "that is allowed.",
    ),
    Trap(
        "vary for the others",
        _answers(lambda origin: {_ORIGIN: origin, _CREDENTIALS: "true"}, lambda origin: dict(_VARY)),
        "`Vary: Origin` is missing where the answer is yes. A cache may keep that answer, and give it to a page of "
        "another origin.",
    ),
    Trap(
        "origin only",
        _answers(lambda origin: {_ORIGIN: origin}),
        "Two headers are missing. Without `Access-Control-Allow-Credentials: true` no page that sends a cookie may "
        "read, and without `Vary: Origin` a cache gives the answer for one page to another.",
    ),
    Trap(
        "no credentials",
        _answers(lambda origin: {**_VARY, _ORIGIN: origin}, lambda origin: dict(_VARY)),
        "`Access-Control-Allow-Credentials: true` is missing. Without it no page that sends a cookie may read the "
        "answer.",
    ),
    Trap(
        "True",
        _answers(lambda origin: {**_yes(origin), _CREDENTIALS: "True"}, lambda origin: dict(_VARY)),
        "The value of `Access-Control-Allow-Credentials` is not written as browsers want it. They accept exactly "
        "`true`, in lower case.",
        also=tuple(
            _answers(lambda origin, value=value: {**_yes(origin), _CREDENTIALS: value}, lambda origin: dict(_VARY))  # type: ignore[misc]
            for value in ("TRUE", "yes", "1", "include")
        ),
    ),
    Trap(
        "credentials for everybody",
        _answers(_yes, lambda origin: {**_VARY, _CREDENTIALS: "true"}),
        "An origin that is not allowed got `Access-Control-Allow-Credentials`. It is for those who may read; nobody "
        "else gets it.",
    ),
    Trap(
        "null for the others",
        _answers(_yes, lambda origin: {**_VARY, _ORIGIN: "null"}),
        "An origin that is not allowed got `null`. That is a real origin: any sandboxed frame has it, and it may then "
        "read. Send no such header at all.",
        also=(_answers(_yes, lambda origin: {_ORIGIN: "null"}),),
    ),
    Trap(
        "empty for the others",
        _answers(_yes, lambda origin: {**_VARY, _ORIGIN: ""}),
        "An origin that is not allowed got an empty `Access-Control-Allow-Origin`. A browser has no meaning for that: "
        "send no such header at all.",
    ),
    Trap(
        "no origin is fine",
        _if(lambda origin, allowed: origin in ("", *allowed)),
        "A request without an origin was allowed. It is no page that you know. (If you look for the origin in a text "
        "with `in`: the empty text is found in every text.)",
        also=(
            _if(lambda origin, allowed: origin in " ".join(allowed)),
            _if(lambda origin, allowed: any(origin in entry for entry in allowed)),
            _if(lambda origin, allowed: any(entry.startswith(origin) for entry in allowed)),
        ),
    ),
    Trap(
        "starts alike",
        _if(lambda origin, allowed: any(origin.startswith(entry) for entry in allowed)),
        "An origin was allowed because it starts like an allowed one. Compare the whole text.",
        about=difference,
    ),
    Trap(
        "ends alike",
        _if(lambda origin, allowed: any(origin.endswith(host_of(entry)) for entry in allowed)),
        "An origin was allowed because it ends like an allowed one. Compare the whole text.",
        about=difference,
        also=(
            _if(
                lambda origin, allowed: (
                    any(origin.endswith("." + host_of(entry)) for entry in allowed) or origin in allowed
                )
            ),
        ),
    ),
    Trap(
        "contains",
        _if(lambda origin, allowed: any(host_of(entry) in origin for entry in allowed)),
        "An origin was allowed because the name of an allowed one stands in it. Compare the whole text.",
        about=difference,
        also=(_if(lambda origin, allowed: any(name_of(entry) in origin for entry in allowed)),),
    ),
    Trap(
        "a part of a friend",
        _if(lambda origin, allowed: origin != "" and any(origin in entry for entry in allowed)),
        "An origin was allowed because it is a part of an allowed one. (If you look for it in a text with `in`: a part "
        "is found as well.) Compare the whole text.",
        about=difference,
        also=(_if(lambda origin, allowed: origin != "" and any(entry.startswith(origin) for entry in allowed)),),
    ),
    Trap(
        "a pattern",
        _if(lambda origin, allowed: any(re.fullmatch(entry, origin) for entry in allowed)),
        "An origin was allowed because it fits an allowed one as a pattern. There a dot stands for any character: "
        "compare the whole text.",
        about=difference,
    ),
    Trap(
        "nobody",
        _if(lambda origin, allowed: False),
        "Nobody is allowed, not even an origin that is on the list. (A text never equals a list: ask with `in`.)",
        also=(lambda origin, allowed: {},),
    ),
    Trap(
        "Vary names the origin",
        lambda origin, allowed: {**(_yes(origin) if origin in allowed else {}), "Vary": origin},
        "The value of `Vary` is the name of a header, `Origin`, and not what stands in that header.",
    ),
    Trap(
        "refuses",
        _refuses,
        "An origin that is not allowed made the function raise an error. It gets its answer, without these two "
        "headers: then it is the browser that keeps it from the page.",
    ),
    Trap(
        "any case",
        _if(lambda origin, allowed: origin.lower() in allowed),
        "An origin in capitals was allowed. Browsers write an origin in lower case, so this one does not come from a "
        "page that you know.",
        also=(_if(lambda origin, allowed: origin.casefold() in [entry.casefold() for entry in allowed]),),
    ),
    Trap(
        "slash at the end",
        _if(lambda origin, allowed: origin.rstrip("/") in allowed),
        "An origin with a slash at its end was allowed. Browsers never send one, so this one does not come from a page "
        "that you know.",
    ),
    Trap(
        "host only",
        _if(lambda origin, allowed: host_of(origin) in map(host_of, allowed)),
        "Only the host and the port were compared. The scheme belongs to an origin too: without TLS everybody on the "
        "way can change what a page sends.",
        about=difference,
    ),
    Trap(
        "name only",
        _if(lambda origin, allowed: name_of(origin) in map(name_of, allowed)),
        "Only the name of the host was compared. Scheme and port belong to an origin too.",
        about=difference,
    ),
    Trap(
        "null",
        _if(lambda origin, allowed: origin in (*allowed, "null")),
        "The origin `null` was allowed. Any sandboxed frame has it, on anybody's page: it is nobody in particular.",
    ),
    Trap(
        "the star is a friend",
        _if(lambda origin, allowed: origin in (*allowed, "*")),
        "The origin `*` was allowed. No page has such an origin, so it comes from somebody who tries things out.",
    ),
)
