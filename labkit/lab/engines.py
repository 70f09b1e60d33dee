"""The browsers that an experiment may ask: how each is started with a profile of its own, and trusts one server."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from labkit.errors import LabError

#: Where a Chromium is found: on the PATH, or where installers for macOS and Windows put one.
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
FIREFOX_COMMANDS = ("firefox", "firefox-esr")
FIREFOX_PLACES = (
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    "C:/Program Files/Mozilla Firefox/firefox.exe",
)
QUIET = ("--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
         "--disable-component-update", "--disable-extensions", "--disable-popup-blocking")  # fmt: skip
#: A fresh Firefox opens pages of its own, and asks about itself, before it is of any use.
FIREFOX_PREFERENCES: dict[str, bool | str] = {
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "app.update.auto": False,
    "app.normandy.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "dom.disable_open_during_load": False,  # the page opens its second tab without a click
}


@dataclass(frozen=True, slots=True)
class Trust:
    """A server of ours whose certificate nobody signed that a browser knows.

    Args:
        url: where it is, with its port.
        certificate: the file of its certificate, in PEM.
        over_quic: it is spoken to in HTTP/3 from the first request on, without being told by an Alt-Svc header.
    """

    url: str
    certificate: Path
    over_quic: bool = False

    @property
    def authority(self) -> str:
        """The name and port."""
        return urlsplit(self.url).netloc


def find_browser() -> str | None:
    """The path of a Chromium, Chrome or Edge; None without one. LABKIT_BROWSER names another, which may be a Firefox,
    or says "none"."""
    chosen = os.environ.get("LABKIT_BROWSER", "")
    if chosen:
        return None if chosen == "none" else chosen
    return _first(COMMANDS, PLACES)


def find_firefox() -> str | None:
    """The path of a Firefox; None without one. LABKIT_BROWSER may name one, or say "none"."""
    chosen = os.environ.get("LABKIT_BROWSER", "")
    if chosen == "none" or is_firefox(chosen):
        return None if chosen == "none" else chosen
    return _first(FIREFOX_COMMANDS, FIREFOX_PLACES)


def is_firefox(path: str) -> bool:
    """Whether this program is a Firefox, by its name: firefox, firefox-esr, Firefox.exe."""
    return "firefox" in re.split(r"[/\\]", path)[-1].lower()


def _first(commands: tuple[str, ...], places: tuple[str, ...]) -> str | None:
    found = next(filter(None, map(shutil.which, commands)), None)
    return found or next((place for place in places if Path(place).exists()), None)


def chromium_command(
    path: str, profile: str, url: str, trust: Trust | None = None, *, sandboxed: bool = True
) -> list[str]:
    """The command that opens the URL in a Chromium. As root it has no sandbox: it would not start."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    without = ["--no-sandbox"] if root or not sandboxed else []
    return [path, *QUIET, *without, *_chromium_trust(trust), f"--user-data-dir={profile}", url]


def allow_third_party_cookies(profile: str) -> None:
    """Lets a Chromium of this profile send cookies across sites, as Chrome does unless its user forbids it. Debian's
    Chromium comes with that forbidden."""
    place = Path(profile) / "Default"
    place.mkdir(exist_ok=True)
    (place / "Preferences").write_text('{"profile": {"cookie_controls_mode": 0}}', "ascii")


def _chromium_trust(trust: Trust | None) -> list[str]:
    if trust is None:
        return ["--disable-quic"]
    flags = [f"--ignore-certificate-errors-spki-list={_key_digest(trust.certificate)}", "--ignore-certificate-errors"]
    quic = ["--enable-quic", "--quic-version=h3", f"--origin-to-force-quic-on={trust.authority}"]
    return flags + (quic if trust.over_quic else ["--disable-quic"])


def firefox_command(path: str, profile: str, url: str, trust: Trust | None = None) -> list[str]:
    """The command that opens the URL in a Firefox; writes the preferences into the profile."""
    preferences = dict(FIREFOX_PREFERENCES)
    if trust is not None:
        digest = hashlib.sha256(_certificate(trust.certificate)).hexdigest().upper()
        pairs = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
        line = f"{trust.authority}:\tOID.2.16.840.1.101.3.4.2.1\t{pairs}\t\n"
        (Path(profile) / "cert_override.txt").write_text(line, "ascii")
        if trust.over_quic:
            host, _, port = trust.authority.rpartition(":")
            preferences["network.http.http3.enable"] = True
            preferences["network.http.http3.alt-svc-mapping-for-testing"] = f"{host};h3=:{port}"
            preferences["network.http.http3.disable_when_third_party_roots_found"] = False
    lines = [f'user_pref("{name}", {_javascript(value)});\n' for name, value in preferences.items()]
    (Path(profile) / "user.js").write_text("".join(lines), "utf-8")
    return [path, "--headless", "--no-remote", "--profile", profile, url]


def _javascript(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def _certificate(path: Path) -> bytes:
    """The first certificate of a PEM file, as bytes."""
    found = re.search(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", path.read_text("ascii"), re.DOTALL)
    if found is None:
        raise LabError(f"{path.name} has no certificate. Give the file that the server sends it from")
    return base64.b64decode(found[1])


def _key_digest(path: Path) -> str:
    """What Chromium knows a certificate by: the SHA-256 of its public key, in base64."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(_certificate(path)).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return base64.b64encode(digest).decode()
