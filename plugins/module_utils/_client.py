# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The client: keeps the pace, repeats requests where that is safe, and reads whole lists.

What may be repeated is decided by _endpoint. Libraries raise, so nothing here ends the process or prints.
"""

from __future__ import annotations

import copy
import json
import random
import re
import time
import typing as t
from urllib.parse import quote, urlencode, urlsplit

from ._access import check_key, check_url
from ._answers import Received, Sent, counted, read, refusal, retry_after_seconds
from ._api import Answer
from ._endpoint import LOST, SENT_NOT, Endpoint, may_have_happened, may_resend, wait_seconds
from ._errors import BadOption, BadReply, H444Error, RateLimited, TransportError, UnknownFate
from ._names import check_id, check_ip, shown
from ._pacer import Pacer
from ._paging import Rows, next_page
from ._reader import list_in, rows_in
from ._transport import Lost, Transport, version_of_requests

COLLECTION_VERSION = "0.1.0"
MAX_PAGES = 1000
RATE_LIMIT_PATIENCE_SECONDS = 300.0
RATE_LIMIT_BASE_SECONDS = 5.0
RATE_LIMIT_CAP_SECONDS = 60.0
RATE_LIMIT_SPREAD_SECONDS = 3.0
RETRY_AFTER_CAP_SECONDS = 60.0
BACKOFF_BASE_SECONDS = 0.5
BACKOFF_CAP_SECONDS = 8.0
SERVER_ERROR_RETRIES = 3
# A longer wait for the rate limit is part of the result; an even longer one is a warning too.
TOLD_SECONDS = 5.0
WARNED_SECONDS = 30.0


def fill_path(endpoint: Endpoint, ids: t.Mapping[str, str] | None) -> str:
    """Put checked IDs, addresses and words into an endpoint's path. Raises: BadOption."""

    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        value = (ids or {}).get(name) or ""
        if name == "ip":
            if re.search(r"[^0-9A-Fa-f:.]", value):  # a prefix length or a zone is no part of a path
                raise BadOption("%s: %s is not an IP address." % (name, shown(value)))
            check_ip(value, name)  # but sent as it is: the API may know its own spelling only
        else:
            check_id(value, name)
        return quote(value, safe=":")

    return re.sub(r"\{(\w+)\}", one, endpoint.path)


def held_up_text(seconds: float) -> str:
    """Return how long the rate limit held the task up, and what helps."""
    return (
        "Waited %d s for the rate limit of this key. Everything that uses the key shares it. Fewer tasks, info modules "
        "that read everything at once, or a separate key make it faster." % round(seconds)
    )


class _Tries:
    """How the attempts of one request went so far."""

    def __init__(self) -> None:
        self.attempts = 0
        self.failures = 0
        self.limited_seconds = 0.0
        """waited because of answers 429"""
        self.may_be_done = False
        """whether an earlier attempt may have changed something"""

    def note(self, sent: Sent, may_have_arrived: bool) -> None:
        """Note an attempt that is repeated: what it did is not undone by how a later one ends."""
        self.may_be_done = self.may_be_done or (may_have_arrived and not sent.is_read)


class Client:
    """Sends requests to one API with one key."""

    def __init__(
        self,
        api_url: str,
        api_key: str | None,
        *,
        pacer: Pacer,
        timeout_seconds: float = 30,
        retries: int = 5,
        validate_certs: bool = True,
        ca_path: str | None = None,
        user_agent: str = "h444-ansible",
        session: t.Any = None,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        """Check what can be checked before the first request. *api_key*: None for a sign-in, which has no key yet.

        Raises: BadOption.
        """
        self.api_url = check_url(api_url)
        if api_key is not None:
            check_key(api_key)
        if timeout_seconds < 1:
            raise BadOption("api_timeout: must be at least 1 second.")
        if retries < 0:
            raise BadOption("api_retries: must not be negative.")
        self._transport = Transport(
            self.api_url,
            api_key,
            connect_seconds=float(timeout_seconds),
            validate_certs=validate_certs,
            ca_path=ca_path,
            user_agent=user_agent,
            session=session,
        )
        self._pacer = pacer
        self._timeout_seconds = float(timeout_seconds)
        self._retries = retries
        self._clock = clock
        self._sleep = sleep
        self.sent_at = 0.0
        """when the newest attempt began"""
        self.held_seconds = 0.0
        """how long all requests so far waited for the shared pace, and because the API asked for it"""

    def __repr__(self) -> str:
        return "Client(%r)" % self.api_url

    def twin(self) -> Client:
        """Return a client with a connection of its own, for another thread. It keeps the same pace."""
        other = copy.copy(self)
        other._transport = self._transport.twin()
        other.held_seconds = 0.0
        return other

    def recall(self) -> None:
        """Accept the replies of earlier tasks: this client has none."""

    def refresh(self) -> bool:
        """Read everything anew, which this client does anyway."""
        return False

    def now(self) -> float:
        """Return the seconds of a clock that never jumps."""
        return self._clock()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        if seconds > 0:
            self._sleep(seconds)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def request(
        self,
        endpoint: Endpoint,
        *,
        ids: t.Mapping[str, str] | None = None,
        query: t.Mapping[str, t.Any] | None = None,
        body: t.Mapping[str, t.Any] | None = None,
        form: t.Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
        once: bool = False,
    ) -> Answer:
        """Send one request, repeating it where that is safe.

        *body* goes as JSON; *form* as the fields of a form, which is what OAuth wants.
        *once*: the caller decides about repeats itself; only what was surely not sent or not processed is sent again.
        Units: timeout_seconds bounds one attempt as a whole, from connecting to the last byte of the body.
        Raises: an ApiError for an answer that says no; TransportError when nothing was sent or a read failed;
        UnknownFate when a write may have happened and must not be repeated; BadOption for an ID that can't be one.
        """
        data, content_type = _encoded(body, form)
        budget = timeout_seconds or self._timeout_seconds
        path = fill_path(endpoint, ids)
        sent = Sent(endpoint, self.api_url, path, query, data, content_type, idempotency_key or None, budget, once)
        tries = _Tries()
        while True:
            tries.attempts += 1
            self.held_seconds += self._pacer.wait_turn()
            self.sent_at = self._clock()
            try:
                received = self._transport.send(sent)
            except Lost as lost:
                self._after_a_loss(sent, lost, tries)
                continue
            if 200 <= received.status < 300:
                return read(sent, received, tries.attempts)
            if received.status == 429:
                self._after_a_limit(sent, received, tries)
            else:
                self._after_a_refusal(sent, received, tries)

    def _after_a_loss(self, sent: Sent, lost: Lost, tries: _Tries) -> None:
        """Wait before repeating what got no answer. Raises: TransportError, UnknownFate if it was the last."""
        tries.failures += 1
        most = self._retries if lost.retries is None else min(self._retries, lost.retries)
        is_allowed = (
            not lost.is_final
            and may_resend(sent.endpoint, lost.failure, bool(sent.idempotency_key))
            and (not sent.once or lost.failure == SENT_NOT)
        )
        if not is_allowed or tries.failures > most:
            raise _gave_up(sent, lost, tries) from None
        tries.note(sent, lost.failure == LOST)
        self._back_off(tries.failures)

    def _after_a_limit(self, sent: Sent, received: Received, tries: _Tries) -> None:
        """Wait as long as a 429 asks for, and make all processes wait. Raises: RateLimited if that is too long."""
        default = min(RATE_LIMIT_BASE_SECONDS * 2**tries.failures, RATE_LIMIT_CAP_SECONDS)
        tries.failures += 1
        wait = retry_after_seconds(received.headers, default, time.time())
        # A little later than asked for and not all at once, yet soon enough to find something left of the next minute.
        wait += random.random() * min(wait / 4, RATE_LIMIT_SPREAD_SECONDS)
        if tries.limited_seconds + wait > RATE_LIMIT_PATIENCE_SECONDS:
            fate = (
                "It is not known whether it was carried out"
                if tries.may_be_done
                else "Nothing was done by this request"
            )
            raise RateLimited(
                "%s: the rate limit of this key is used up, and the API asks to wait %d s more, which is longer "
                "than the limit of %d s. %s. Run the task again later."
                % (sent, wait, RATE_LIMIT_PATIENCE_SECONDS, fate),
                **sent.facts(tries.attempts, status=received.status, sent="maybe" if tries.may_be_done else None),
            )
        tries.limited_seconds += wait
        self.held_seconds += wait
        self._pacer.block(wait)
        self._sleep(wait)

    def _after_a_refusal(self, sent: Sent, received: Received, tries: _Tries) -> None:
        """Wait before repeating what was refused. Raises: ApiError if it was the last attempt."""
        status = received.status
        if not sent.once and may_resend(sent.endpoint, status, bool(sent.idempotency_key)):
            tries.failures += 1
            if tries.failures <= (min(SERVER_ERROR_RETRIES, self._retries) if status == 500 else self._retries):
                tries.note(sent, may_have_happened(status))
                self._back_off(tries.failures, _asked_seconds(received))
                return
        raise refusal(sent, received, tries.attempts, tries.may_be_done)

    def _back_off(self, failures: int, asked_seconds: float = 0.0) -> None:
        """Wait before a repeat: as long as is due in any case, or longer if the API asked for it."""
        wait = wait_seconds(
            failures, base_seconds=BACKOFF_BASE_SECONDS, cap_seconds=BACKOFF_CAP_SECONDS, jitter=random.random()
        )
        if asked_seconds > wait:
            wait = asked_seconds
            self.held_seconds += wait
        self._sleep(wait)

    def rows(
        self,
        endpoint: Endpoint,
        nouns: t.Sequence[str],
        *,
        ids: t.Mapping[str, str] | None = None,
        query: t.Mapping[str, t.Any] | None = None,
        at_most: int | None = None,
        answer: Answer | None = None,
        page_of: t.Callable[[t.Any], t.Any] | None = None,
        objects_only: bool = True,
        ids_are_own: bool = True,
    ) -> list[dict[str, t.Any]]:
        """Read a whole list: raw rows, every page. *nouns*: names under which the list may stand.

        *at_most*: the caller needs only the first so many rows; then it is no error that there are more.
        *answer*: the first page, if it was read already.
        *page_of*: takes the page out of a body in which the list is a part of an object.
        *objects_only*: False for a caller that checks each entry itself and wants what is not an object, too.
        *ids_are_own*: False if an entry's ID may be that of something else, so that two entries of one ID are two.
        Raises: BadReply when there is no list, or when the reply says that there is more and it can't be read.
        """
        where = "%s %s" % (endpoint.method, urlsplit(self.api_url).path + endpoint.path)
        url = self.api_url + fill_path(endpoint, ids)
        page_in = rows_in if objects_only else list_in
        query = dict(query or {})
        answer = _paged(answer or self.request(endpoint, ids=ids, query=query), page_of)
        rows = page_in(answer.body, nouns, where)
        result, seen = Rows(ids_are_own), set()
        result.add(rows)
        for _page in range(MAX_PAGES):
            if at_most is not None and len(result.rows) >= at_most:
                return result.rows
            following = next_page(answer, len(result.rows), len(rows), query, url)
            if following is None:
                return result.rows
            token = json.dumps(following, sort_keys=True, default=str)
            if token in seen:
                break
            seen.add(token)
            query = following
            answer = _paged(self.request(endpoint, ids=ids, query=query), page_of)
            rows = page_in(answer.body, nouns, where)
            if not rows:
                break
            result.add(rows)
        raise BadReply(
            "%s reports that there are more %s than it returned (%d), and the rest can't be read. "
            "The incomplete list was not used." % (where, nouns[0], len(result.rows)),
            method=endpoint.method,
            path=endpoint.path,
        )


def _encoded(body: t.Mapping[str, t.Any] | None, form: t.Mapping[str, str] | None) -> tuple[bytes | None, str]:
    """Return what is sent, and its type. JSON is canonical, so that a repeated order is the same to the byte."""
    if form is not None:
        return urlencode(form).encode("ascii"), "application/x-www-form-urlencoded"
    if body is None:
        return None, ""
    return json.dumps(body, sort_keys=True, allow_nan=False, separators=(",", ":")).encode("utf-8"), "application/json"


def _asked_seconds(received: Received) -> float:
    """Return how long a busy API asks to wait by Retry-After, 0 where it does not ask."""
    if "retry-after" not in {key.lower() for key in received.headers}:
        return 0.0
    return min(retry_after_seconds(received.headers, 0, time.time()), RETRY_AFTER_CAP_SECONDS)


def _gave_up(sent: Sent, lost: Lost, tries: _Tries) -> H444Error:
    hint = "; %s" % lost.hint if lost.hint else ""
    sentence = "%s: %s%s%s." % (sent, lost.cause, counted(tries.attempts), hint)
    is_unsent = lost.failure == SENT_NOT and not tries.may_be_done
    facts = sent.facts(tries.attempts, cause=lost.cause, sent="no" if is_unsent else "maybe")
    if is_unsent or sent.is_read:
        return TransportError(sentence, **facts)
    return UnknownFate(
        "%s It is not known whether it was carried out." % sentence, idempotency_key=sent.idempotency_key, **facts
    )


def _paged(answer: Answer, page_of: t.Callable[[t.Any], t.Any] | None) -> Answer:
    return answer._replace(body=page_of(answer.body)) if page_of else answer


def open_client(
    options: t.Mapping[str, t.Any], caller: str, core_version: str = "", make: t.Callable[..., Client] = Client
) -> Client:
    """Make a client from the common options. *caller*: the module's or plugin's name, for the User-Agent.

    Raises: BadOption.
    """
    api_key = check_key(options.get("api_key"))
    return _open(make, options, check_url(options["api_url"]), api_key, _agent(caller, core_version))


def open_sign_in(options: t.Mapping[str, t.Any], caller: str, core_version: str = "") -> Client:
    """Make a client of the API's origin that sends no key, for a sign-in brings one. Raises: BadOption."""
    parts = urlsplit(check_url(options["api_url"]))
    return _open(Client, options, "%s://%s" % (parts.scheme, parts.netloc), None, _agent(caller, core_version))


def _agent(caller: str, core_version: str) -> str:
    core = " ansible-core/%s" % core_version if core_version else ""
    return "h444-ansible/%s%s requests/%s (%s)" % (COLLECTION_VERSION, core, version_of_requests(), caller)


def _open(
    make: t.Callable[..., Client], options: t.Mapping[str, t.Any], url: str, api_key: str | None, user_agent: str
) -> Client:
    return make(
        url,
        api_key,
        pacer=Pacer(url, api_key or "", options["rate_limit"]),
        timeout_seconds=options["api_timeout"],
        retries=options["api_retries"],
        validate_certs=options["validate_certs"],
        ca_path=options.get("ca_path"),
        user_agent=user_agent,
    )
