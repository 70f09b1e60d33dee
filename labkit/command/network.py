"""Checks of the network that a company may have put between: its proxies, its certificates, and the time."""

from __future__ import annotations

import datetime
import email.utils
import http.client
import os
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from labkit.command.findings import RoomFinding
from labkit.system.secrets import shown_url

#: A public site with a certificate of a public authority, which is asked for its front page's head.
SITE = "www.rfc-editor.org"
TIMEOUT_S = 5.0
#: A clock that is further off is refused by certificates and logins sooner or later.
WORST_CLOCK_S = 120.0
#: Before this labkit did not exist: the clock is wrong, with or without a network.
OLDEST_YEAR = 2026
#: Words in the names of authorities that sign for the public. Another name is likely to be the company's own.
PUBLIC_AUTHORITIES = (
    "actalis", "amazon", "apple", "buypass", "certum", "cloudflare", "comodo", "digicert", "entrust", "geotrust",
    "globalsign", "go daddy", "godaddy", "google trust", "harica", "identrust", "internet security research group",
    "let's encrypt", "microsoft", "quovadis", "sectigo", "ssl.com", "starfield", "swisssign", "t-systems", "telekom",
    "thawte", "usertrust", "zerossl",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """What a public site answered: the organization that signed its certificate, and its time in seconds, or None."""

    issuer: str
    time_s: float | None


def check_proxies(
    proxies: Mapping[str, str] | None = None, bypassed: Callable[[str], bool] | None = None
) -> Iterator[RoomFinding]:
    """Checks that no proxy stands between this machine and itself.

    Args:
        proxies: scheme -> the proxy's URL; by default what the environment and the system say.
        bypassed: whether a host is asked without it.
    """
    found = urllib.request.getproxies() if proxies is None else proxies
    named = {scheme: url for scheme, url in found.items() if scheme in ("http", "https", "all") and url}
    if not named:
        yield RoomFinding("ok", "no proxy is set")
        return
    shown = ", ".join(sorted({shown_url(url) for url in named.values()}))
    missing = [host for host in ("localhost", "127.0.0.1") if not (bypassed or urllib.request.proxy_bypass)(host)]
    if missing:
        setting = "set NO_PROXY=" + shell_text(",".join(filter(None, [os.environ.get("NO_PROXY", ""), *missing])))
        yield RoomFinding("trouble", f"a proxy is set ({shown}), for {' and '.join(missing)} too", setting)
    else:
        yield RoomFinding("ok", f"a proxy is set ({shown}), and not for this machine's own servers")


def shell_text(text: str) -> str:
    """The text without what a terminal would take for more than a value."""
    return "".join(character for character in text if character.isalnum() or character in ".,:-_*[]/")


def check_site(ask: Callable[[str], SiteAnswer] | None = None, now_s: float | None = None) -> Iterator[RoomFinding]:
    """Checks who signs for a public site, as seen from here, and whether this machine's clock agrees with it.

    Where there is no network, that is said, and nothing is wrong: no lesson needs one.

    Args:
        ask: asks the site.
        now_s: the time now, in seconds since 1970.
    """
    now = time.time() if now_s is None else now_s
    year = datetime.datetime.fromtimestamp(now, datetime.UTC).year
    if year < OLDEST_YEAR:
        yield RoomFinding("trouble", f"this machine believes that it is {year}", "set its clock")
    try:
        answer = (ask or ask_site)(SITE)
    except ssl.SSLCertVerificationError as problem:
        why = f"the certificate of {SITE} is signed by nobody whom Python knows ({problem.verify_message})"
        advice = (
            "a company's proxy opens what is encrypted. Ask for its certificate as a PEM file, and set "
            "SSL_CERT_FILE=company.pem. It may hold streams back: labkit doctor says whether"
        )
        yield RoomFinding("trouble" if year >= OLDEST_YEAR else "note", why, advice)
        return
    except (OSError, http.client.HTTPException):
        yield RoomFinding("ok", f"no network, or no way to {SITE}: no lesson needs one")
        return
    yield _signed_by(answer.issuer)
    if answer.time_s is not None and year >= OLDEST_YEAR:
        yield _clock(now - answer.time_s)


def _signed_by(issuer: str) -> RoomFinding:
    if any(name in issuer.casefold() for name in PUBLIC_AUTHORITIES):
        return RoomFinding("ok", f"the network's certificates are public ones ({issuer})")
    advice = "likely a company's proxy, which reads along and may hold streams back: labkit doctor URL says whether"
    return RoomFinding("note", f"the certificate of {SITE} is signed by {issuer!r}, no public authority", advice)


def _clock(ahead_s: float) -> RoomFinding:
    if abs(ahead_s) <= WORST_CLOCK_S:
        return RoomFinding("ok", "the clock is right")
    direction = "ahead" if ahead_s > 0 else "behind"
    return RoomFinding("trouble", f"this machine's clock is {abs(ahead_s):,.0f} s {direction}", "set its clock")


def ask_site(host: str, proxy: str | None = None) -> SiteAnswer:
    """What the site answers over TLS, through the proxy that the environment names, if it names one.

    Raises:
        OSError: it cannot be reached, or its certificate does not hold (SSLCertVerificationError).
        http.client.HTTPException: what answered does not speak HTTP.
    """
    proxy = urllib.request.getproxies().get("https", "") if proxy is None else proxy
    context = ssl.create_default_context()
    through = urlsplit(proxy if "//" in proxy else f"//{proxy}") if proxy else None
    if through is not None and through.hostname:
        connection = http.client.HTTPSConnection(
            through.hostname, through.port or 3128, timeout=TIMEOUT_S, context=context
        )
        connection.set_tunnel(host, 443)
    else:
        connection = http.client.HTTPSConnection(host, timeout=TIMEOUT_S, context=context)
    try:
        connection.request("HEAD", "/")
        certificate = connection.sock.getpeercert() if isinstance(connection.sock, ssl.SSLSocket) else None
        date = connection.getresponse().getheader("Date", "")
    finally:
        connection.close()
    return SiteAnswer(_issuer(dict(certificate or {})), _seconds(date))


def _issuer(certificate: Mapping[str, object]) -> str:
    names = certificate.get("issuer")
    pairs = [pair for group in (names if isinstance(names, tuple) else ()) for pair in group]
    fields = dict(pairs)
    return str(fields.get("organizationName") or fields.get("commonName") or "nobody")


def _seconds(date: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return None
