# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A list in pages: whether there is a further page, how to ask for it, and the rows of all pages together. Pure.

Assumed: the reference documents no paging (switch ``pagination``), so every usual form is understood: Link headers, a
next URL or cursor, page numbers, a total.
"""

from __future__ import annotations

import json
import re
import typing as t
from urllib.parse import parse_qsl, urljoin, urlsplit

from ._api import Answer, Raw
from ._errors import BadReply
from ._names import clean
from ._reader import first, in_snake_case, truth, whole

Query = t.Dict[str, t.Any]

MAX_LINK = 4096
# Fields about pages, in any object: objects about them, the way to the next one, whether there is one, and numbers.
PLACES = ("meta", "pagination", "paging", "page_info", "links")
NEXT = ("next", "next_page", "next_page_url", "next_cursor", "next_page_token")
MORE = ("has_more", "has_next", "has_next_page")
NUMBER = ("page", "current_page")
LAST = ("total_pages", "last_page")
PAGING = frozenset((*PLACES, *NEXT, *MORE, *NUMBER, *LAST))
# Each of these beside a list says that it was cut. They can be about something else, so PAGING has none of them.
CUT = ("truncated", "is_truncated", "partial", "is_partial", "incomplete", "is_incomplete")


class _Page(t.NamedTuple):
    """A page that was read, and what it says about the others."""

    says: dict[str, t.Any]
    """the fields about paging, in snake_case, wherever they stand"""
    following: t.Any
    """the field ``next``"""
    link: t.Optional[str]
    """the URL of the next page"""
    rows_so_far: int
    rows_here: int
    query: t.Mapping[str, t.Any]
    """that of this page"""
    url: str

    @property
    def number(self) -> int | None:
        """The page's own number."""
        return whole(first(self.says, *NUMBER, "page_number"))

    @property
    def last(self) -> int | None:
        """The number of the last page."""
        return whole(first(self.says, *LAST, "pages", "page_count"))


def next_page(
    answer: Answer, read: int, page_rows: int, query: t.Mapping[str, t.Any], url: str
) -> dict[str, t.Any] | None:
    """Return the query of the next page, None when the list is whole.

    *read*: the rows of all pages so far; *page_rows*: those of this page.
    Raises: BadReply when there is more and no way to it.
    """
    page = _page_of(answer, read, page_rows, query, url)
    found = _first_of((_by_link, _by_cursor), page)
    if found is None and (page.link is not None or _is_followed(page)):
        found = _first_of((_by_number, _by_offset), page)
        if found is None:
            raise _half_a_list(page)
    return found


def _first_of(ways: t.Iterable[t.Callable[[_Page], Query | None]], page: _Page) -> Query | None:
    return next((found for found in (way(page) for way in ways) if found is not None), None)


def _page_of(answer: Answer, read: int, page_rows: int, query: t.Mapping[str, t.Any], url: str) -> _Page:
    says = _paging_fields(answer.body)
    following = says.get("next")
    if isinstance(following, dict):
        following = first(following, "href", "url", "cursor")
    link = next_link(answer.headers.get("Link", ""))
    if link is None and isinstance(following, str) and re.match(r"(?:https?:/)?/|\?", following[:8]):
        link = following
    return _Page(says, following, link, read, page_rows, query, url)


def _by_link(page: _Page) -> Query | None:
    """Take only the query of the next URL: behind a proxy it can name another host, and the key must not go there.

    None if there is no such URL, where it can't be read, or where it has another path.
    """
    if page.link is None or len(page.link) > MAX_LINK:
        return None
    try:
        target = urlsplit(urljoin(page.url, page.link))
        if target.path.rstrip("/") != urlsplit(page.url).path.rstrip("/"):
            return None
        return {**page.query, **dict(parse_qsl(target.query))}
    except ValueError:
        return None


def _by_cursor(page: _Page) -> Query | None:
    if page.link is not None or page.says.get("has_more") is False:
        return None
    cursor = first(page.says, "next_cursor", "next_page_token", "end_cursor", "after")
    if cursor is None and isinstance(page.following, str):
        cursor = page.following
    if not isinstance(cursor, (str, int)) or isinstance(cursor, bool) or cursor == "":
        return None
    return {**page.query, "page_token" if "next_page_token" in page.says else "cursor": cursor}


def _by_number(page: _Page) -> Query | None:
    number = whole(page.says.get("next_page")) or (page.number + 1 if page.number is not None else None)
    if number is None and page.link is not None:
        number = _number_in(page.link)
    return None if number is None else {**page.query, "page": number}


def _number_in(link: str) -> int | None:
    """Return the page number in the query of a next URL that can't be used itself."""
    try:
        return whole(dict(parse_qsl(urlsplit(link[:MAX_LINK]).query)).get("page"))
    except ValueError:
        return None


def _by_offset(page: _Page) -> Query | None:
    offset = whole(page.says.get("offset"))
    return None if offset is None else {**page.query, "offset": offset + page.rows_here}


def _half_a_list(page: _Page) -> BadReply:
    path = clean(urlsplit(page.url).path, 80)
    if page.link is not None:
        return BadReply(
            "GET %s returned a next page that can't be used (%s). The incomplete list was not used."
            % (path, clean(page.link, 80))
        )
    return BadReply(
        "GET %s reports that there are more entries than the %d that it returned, but not how to read them. "
        "The incomplete list was not used." % (path, page.rows_so_far)
    )


def goes_on(place: Raw) -> bool:
    """Return whether an object (in snake_case) says that lists in it go on on another page.

    Unlike beside a list, ``total``, ``count`` and ``pages`` say nothing here: an invoice has totals of its own.
    """
    return any(_announces_more(facts) for facts in (place, *_objects_in(place, *PLACES)))


def _announces_more(facts: Raw) -> bool:
    page, last = whole(first(facts, *NUMBER)), whole(first(facts, *LAST))
    return (
        any(truth(facts.get(name)) for name in MORE + CUT)
        or any(facts.get(name) not in (None, "", False) for name in NEXT)
        or (page is not None and last is not None and page < last)
    )


def _is_followed(page: _Page) -> bool:
    """Return whether a page says that there is a further one."""
    if any(truth(page.says.get(name)) is True for name in MORE + CUT):
        return True
    if page.last is not None:
        return page.number < page.last if page.number is not None else page.last > 1
    total = whole(first(page.says, "total", "total_count", "total_items", "count"))
    return (total is not None and total > page.rows_so_far) or bool(whole(page.says.get("next_page")))


def _paging_fields(body: t.Any) -> dict[str, t.Any]:
    """Collect what a reply says about its pages; of two fields of one name the outer one counts."""
    found: dict[str, t.Any] = {}
    for place in reversed(list(_paging_places(body))):
        found.update({key: value for key, value in place.items() if value is not None})
    return found


def _paging_places(body: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Walk through the objects in which a reply may say something about its pages, the outer one first."""
    if not isinstance(body, dict):
        return
    outer = in_snake_case(body)
    yield outer
    for inner in _objects_in(outer, *PLACES, "data"):
        yield inner
        yield from _objects_in(inner, "links", "pagination", "cursors")


def _objects_in(place: t.Mapping[str, t.Any], *names: str) -> t.Iterator[dict[str, t.Any]]:
    for name in names:
        if isinstance(place.get(name), dict):
            yield in_snake_case(place[name])


def next_link(header: str) -> str | None:
    """Return the URL of rel="next" in a Link header, None if there is none. In one pass: a header may be long.

    Source: RFC 8288.
    """
    start = header.find("<")
    while start >= 0:
        end = header.find(">", start)
        if end < 0:
            return None
        after = header.find("<", end)
        parameters = header[end + 1 : after if after >= 0 else len(header)][:MAX_LINK]
        for relation in re.findall(r";[ \t]*rel[ \t]*=[ \t]*\"?([^\";,]{1,100})", parameters, re.IGNORECASE):
            if "next" in relation.lower().split():
                return header[start + 1 : end]
        start = after
    return None


class Rows:
    """The rows of a list that is read page by page while it changes, so that one row may stand on two pages."""

    def __init__(self, ids_are_own: bool) -> None:
        self.rows: list[t.Any] = []
        self._ids_are_own = ids_are_own
        self._place: dict[str, int] = {}
        self._texts: dict[str, set[str]] = {}

    def add(self, page: t.Sequence[t.Any]) -> None:
        """Add a page. A row that was on an earlier page keeps its place and gets the content that was read last.

        Two different rows of one ID on one page contradict each other, so the caller gets both; exact repeats go.
        """
        fresh: dict[str, int] = {}
        for row in page:
            own = row_id(row)
            if own is None:
                self.rows.append(row)
            elif self._ids_are_own and own in self._place:
                self.rows[self._place[own]] = row
            elif not self._is_repeat(own, row, fresh):
                self.rows.append(row)
        for own, place in fresh.items():
            self._place.setdefault(own, place)

    def _is_repeat(self, own: str, row: t.Any, fresh: dict[str, int]) -> bool:
        place = fresh.get(own, self._place.get(own))
        if place is None:
            fresh[own] = len(self.rows)
            return False
        # Compared by a set of texts: a reply may well hold one ID many thousand times.
        texts = self._texts.setdefault(own, {_as_text(self.rows[place])})
        text = _as_text(row)
        is_repeat = text in texts
        texts.add(text)
        return is_repeat


def _as_text(row: t.Any) -> str:
    try:
        return json.dumps(row, sort_keys=True)
    except RecursionError:
        return "%d" % id(row)


def row_id(row: t.Any) -> str | None:
    """Return the ID of a raw row, None if it has none."""
    if not isinstance(row, dict):
        return None
    inner = next(iter(row.values())) if len(row) == 1 else None
    row = inner if isinstance(inner, dict) else row  # each row may stand under its own name
    found = row.get("id")
    if found is None:
        found = next((value for key, value in row.items() if key.lower() in ("id", "uuid")), None)
    return str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else None
