# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages in the browser: where the user of a sign-in decides, without a script, and the simulator's own page.

Each is one document, and asks nothing of any other place.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import typing as t
from html import escape
from pathlib import Path

from .calls import Answer

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
COLOURS = """
:root { color-scheme: light dark; --ink: #1a1d21; --paper: #f4f5f7; --card: #fff; --line: #8a919c;
  --deed: #0b5cad; --on-deed: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --paper: #14161a; --card: #1e2127; --line: #7d8590; --deed: #8ec2ff; --on-deed: #10141a }
}
"""
STYLE = (
    COLOURS
    + """
* { box-sizing: border-box }
body { margin: 0; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 26rem; margin: 8vh auto 0; padding: 1.5rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem }
h1 { margin: 0 0 1rem; font-size: 1.35rem; line-height: 1.25 }
label { display: block; font-weight: 600 }
input { width: 100%; margin: .25rem 0 1rem; padding: .6rem; font: 1.4rem ui-monospace, monospace; letter-spacing: .1em;
  color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .5rem }
button { padding: .6rem 1.2rem; margin: 0 .5rem .5rem 0; font: inherit; font-weight: 600; color: var(--deed);
  background: transparent; border: 2px solid var(--deed); border-radius: .5rem; cursor: pointer }
button.first { color: var(--on-deed); background: var(--deed) }
code { font: 1.05em ui-monospace, monospace }
.note { margin: 1.25rem 0 0; font-size: .875rem }
"""
)
WORDS = {
    "approved": ("Signed in", "The device may use the account now. You can close this page."),
    "denied": ("Refused", "The device gets no access. You can close this page."),
    "expired": ("This code has expired", "Start the sign-in again on the device, and enter the new code."),
    "unknown": ("There is no such code", "Look at the device again: the code may be mistyped, or used already."),
}


def _document(title: str, body: str) -> bytes:
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} · 444Host (simulator)</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n"
        '<p class="note">This is the simulator: no account of yours is behind it.</p>\n</main>\n</body>\n</html>\n'
    ).encode()


def _enter(code: str = "") -> str:
    return (
        '<form method="get" action="/oauth/device">\n<label for="code">The code that your device shows</label>\n'
        f'<input id="code" name="user_code" value="{escape(code)}" '
        'placeholder="1234-5678" autocomplete="off" required>\n'
        '<button class="first">Continue</button>\n</form>'
    )


def _decide(device: t.Mapping[str, t.Any]) -> str:
    scopes = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in device["scopes"])
    return (
        f"<p><strong>{escape(device['client'])}</strong> asks for access to the account of this simulator, "
        f"with these scopes:</p>\n<ul>{scopes}</ul>\n"
        f"<p>Go on only if your device shows the code <code>{escape(device['user_code'])}</code>.</p>\n"
        '<form method="post" action="/oauth/device">\n'
        f'<input type="hidden" name="user_code" value="{escape(device["user_code"])}">\n'
        '<button class="first" name="decision" value="approve">Approve</button>\n'
        '<button name="decision" value="deny">Deny</button>\n</form>'
    )


def device_page(code: str, device: t.Mapping[str, t.Any] | None) -> tuple[int, bytes]:
    """Give status and page for a code that was entered, or for none. *device*: what the code stands for."""
    if not code:
        return 200, _document("Sign in on a device", _enter())
    if device is not None and device["state"] == "pending":
        return 200, _document("Let this device in?", _decide(device))
    state = device["state"] if device is not None else "unknown"
    title, text = WORDS[state]
    good = state in ("approved", "denied")
    return 200 if good else 404, _document(title, f"<p>{escape(text)}</p>" + ("" if good else "\n" + _enter(code)))


@functools.lru_cache(maxsize=1)
def overview_page() -> Answer:
    """Give the simulator's own page, whose policy lets it run its own script and ask the simulator alone."""
    folder = Path(__file__).parent / "overview_page"
    page, style, script = (
        (folder / name).read_text(encoding="utf-8") for name in ("page.html", "style.css", "script.js")
    )
    style = COLOURS + style
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {**HEADERS, "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    page = page.replace("/* style */", style).replace("/* script */", script)
    return Answer(200, headers, page.encode())


def _source(text: str) -> str:
    """Name an inline style or script by its hash."""
    return "'sha256-%s'" % base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
