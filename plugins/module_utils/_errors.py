# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The errors of the collection.

``str(error)`` is one sentence for people. ``error.facts`` goes into a task's result: it holds no secret.
"""

from __future__ import annotations

import typing as t

from ._endpoint import may_have_happened


class H444Error(Exception):
    """Base of every error that the collection raises by itself."""

    def __init__(self, message: str, **facts: t.Any) -> None:
        super().__init__(message)
        self.facts: dict[str, t.Any] = {name: value for name, value in facts.items() if value is not None}

    @property
    def may_have_happened(self) -> bool:
        """Whether the write that failed may have had its effect all the same."""
        return False

    @property
    def cause(self) -> str:
        """Why it is not known whether the write had its effect, in a few words."""
        return str(self.facts.get("cause"))


def mistake_text(error: BaseException) -> str:
    """Return where a mistake of ours was, without a traceback or the error's own words: those could show secrets."""
    place, step = "an unknown place", error.__traceback__
    while step is not None:
        place = "%s:%s" % (step.tb_frame.f_code.co_filename.rsplit("/", 1)[-1], step.tb_lineno)
        step = step.tb_next
    return "Unexpected %s at %s. This is a bug in the collection. Please report it." % (type(error).__name__, place)


class BadOption(H444Error):
    """An option is wrong; found before the first request."""


class TransportError(H444Error):
    """There was no answer. Facts: method, path, attempts, sent ("no" or "maybe")."""


class BadReply(H444Error):
    """An answer came, but a value that is needed can't be read from it. Facts: method, path, status."""


class ApiError(H444Error):
    """The API said no. Facts: method, path, status, reason (the API's own words), attempts.

    The fact ``sent`` is "maybe" where an earlier attempt, whose answer was lost, may have been carried out.
    ``code``: the code of an OAuth error.
    """

    code = ""

    @property
    def may_have_happened(self) -> bool:
        """Whether the write may have had its effect: this attempt, which was answered with a 5xx, or an earlier one."""
        return self.facts.get("sent") == "maybe" or may_have_happened(self.status)

    @property
    def cause(self) -> str:
        """The answer that leaves open whether the write had its effect."""
        return "the API answered %d" % self.status

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return int(self.facts.get("status", 0))


class BadRequest(ApiError):
    """400 or 422: the API refuses the request's content."""


class AuthError(ApiError):
    """401: the key is missing, invalid or expired."""


class ScopeError(ApiError):
    """403: the key lacks the scope that the endpoint needs."""


class NotFound(ApiError):
    """404: the resource does not exist or is another account's."""


class RateLimited(ApiError):
    """429, and the wait would be longer than the limit on waiting."""


class ServerError(ApiError):
    """5xx."""


class UnknownFate(H444Error):
    """A write may or may not have happened. Facts: method, path, idempotency_key, cause."""

    may_have_happened = True


class Ambiguous(H444Error):
    """A name fits several resources. Facts: candidates."""


class Missing(H444Error):
    """Nothing has this name or ID. Facts: closest."""


class Refused(H444Error):
    """A guard said no before anything was written: price, wallet, zone not hosted, impossible change."""


class NotReached(H444Error):
    """Waiting ended before the state was reached. Facts: states_seen."""
