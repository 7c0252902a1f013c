# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes in by the API's door and what goes out: requests, answers, refusals, and the checks of what is given."""

from __future__ import annotations

import functools
import json
import re
import typing as t
from urllib.parse import unquote

Row = t.Dict[str, t.Any]
Reply = t.Tuple[int, t.Any]
"""A handler's reply: a status, and a body in the contract's plain form."""


class Request(t.NamedTuple):
    """A request as it was sent. *path*: below /v1; *headers*: their names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Call(t.NamedTuple):
    """What a handler gets of a request. *ids*: the variable parts of its path."""

    ids: dict[str, str]
    query: dict[str, str]
    body: Row
    api_key: str


class Answer(t.NamedTuple):
    """Status, headers, body (an object for JSON, bytes as they are, None for none)."""

    status: int
    headers: dict[str, str]
    body: t.Any


class No(Exception):
    """A refusal: its status, its message and its headers."""

    def __init__(self, status: int, message: t.Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(str(message))
        self.status, self.message, self.headers = status, message, headers or {}


PLACEHOLDER = re.compile(r"\{(\w+)\}")


@functools.lru_cache(maxsize=None)
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(map(re.escape, re.split(r"\{\w+\}", template))))


def ids_in(path: str, template: str) -> dict[str, str] | None:
    """Give the variable parts of a path; None if it is not one of this template, such as /vps/{id}."""
    match = _pattern(template).fullmatch(path)
    return dict(zip(PLACEHOLDER.findall(template), map(unquote, match.groups()))) if match else None


def read_object(body: bytes) -> Row:
    """Read a request's body. Raises No."""
    if not body.strip():
        return {}
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise No(400, "The body is not JSON.") from None
    if not isinstance(parsed, dict):
        raise No(400, "The body is not an object.")
    return parsed


def only(body: Row, *names: str) -> None:
    """Refuse fields that an endpoint does not have. Raises No."""
    for name in body:
        if name not in names:
            raise No(400, [f"property {name} should not exist"])


def text_in(body: Row, name: str, least: int = 1, most: int = 255) -> str:
    """Read a text. Raises No."""
    value = body.get(name)
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise No(400, [f"{name} must be a text of {least} to {most} characters"])
    return value


def limit_in(query: dict[str, str]) -> int:
    """Read how many rows are asked for. Raises No."""
    given = query.get("limit", "50")
    if not re.fullmatch("[0-9]{1,9}", given) or not 1 <= int(given) <= 200:
        raise No(400, ["limit must be a whole number from 1 to 200"])
    return int(given)
