# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the nouns know of the API: a protocol that the client fulfils, and the types that pass between the two. Pure."""

from __future__ import annotations

import typing as t

from ._endpoint import Endpoint

Raw = t.Mapping[str, t.Any]
"""an object as the API returned it"""
Row = t.Dict[str, t.Any]
"""a resource in normal form: snake_case, IDs as text, absent fields None"""
Params = t.Mapping[str, t.Any]
"""a task's options"""


class Answer(t.NamedTuple):
    """What the API answered. ``body`` is the parsed JSON, None if there was none."""

    status: int
    body: t.Any
    headers: t.Mapping[str, str]
    attempts: int = 1


class Api(t.Protocol):
    """An account's API. ``_client.Client`` is one over HTTP."""

    api_url: str

    def request(
        self,
        endpoint: Endpoint,
        *,
        ids: t.Optional[t.Mapping[str, str]] = None,
        query: t.Optional[t.Mapping[str, t.Any]] = None,
        body: t.Optional[t.Mapping[str, t.Any]] = None,
        form: t.Optional[t.Mapping[str, str]] = None,
        idempotency_key: t.Optional[str] = None,
        timeout_seconds: t.Optional[float] = None,
        once: bool = False,
    ) -> Answer:
        """Send one request and return its answer. Raises: H444Error."""

    def rows(
        self,
        endpoint: Endpoint,
        nouns: t.Sequence[str],
        *,
        ids: t.Optional[t.Mapping[str, str]] = None,
        query: t.Optional[t.Mapping[str, t.Any]] = None,
        at_most: t.Optional[int] = None,
        answer: t.Optional[Answer] = None,
        page_of: t.Optional[t.Callable[[t.Any], t.Any]] = None,
        objects_only: bool = True,
        ids_are_own: bool = True,
    ) -> t.List[t.Dict[str, t.Any]]:
        """Read every page of a list. Raises: H444Error."""

    held_seconds: float
    """how long all requests so far waited for the rate limit"""

    def twin(self) -> Api:
        """Return a client of the same account for another thread: one client sends one request at a time."""

    def close(self) -> None:
        """Close the connections."""

    def recall(self) -> None:
        """From here on, accept replies that earlier tasks read a moment ago, each of them once."""

    def refresh(self) -> bool:
        """From here on, read everything anew. Returns whether the reply of an earlier task was used so far."""

    def now(self) -> float:
        """Return the seconds of a clock that never jumps."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
