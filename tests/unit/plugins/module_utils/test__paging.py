# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether there is a further page and how to ask for it: pure, with literals."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    BadReply,
)
from ansible_collections.h444.cloud.plugins.module_utils._paging import PAGING, PLACES, goes_on, next_page

HERE = "https://api.test/v1/vps"


@pytest.mark.parametrize(
    "body,link,query,following",
    [
        ([], "", {}, None),
        ([{"id": 1}], "", {}, None),
        ({"data": [], "total": 2}, "", {}, None),
        ({"data": [], "page": 1, "total_pages": 1}, "", {}, None),
        ({"data": [], "page": 1, "totalPages": 3}, "", {}, {"page": 2}),
        ({"data": [], "meta": {"current_page": 2, "last_page": 3}}, "", {"x": "y"}, {"x": "y", "page": 3}),
        ({"data": [], "meta": {"currentPage": 3, "lastPage": 3}}, "", {}, None),
        ({"data": [], "pagination": {"page": "1", "pages": "2"}}, "", {}, {"page": 2}),
        ({"data": {"items": [], "page": 1, "total": 9}}, "", {}, {"page": 2}),
        ({"data": [], "total": 9, "offset": 0}, "", {}, {"offset": 2}),
        ({"data": [], "next_cursor": "abc"}, "", {}, {"cursor": "abc"}),
        ({"data": [], "nextCursor": None}, "", {}, None),
        ({"data": [], "nextCursor": ""}, "", {}, None),
        ({"data": [], "has_more": False, "next_cursor": "abc"}, "", {}, None),
        ({"data": [], "meta": {"cursors": {"after": "q"}}}, "", {}, {"cursor": "q"}),
        ({"data": [], "nextPageToken": "t"}, "", {}, {"page_token": "t"}),
        ({"data": [], "next": "cur"}, "", {}, {"cursor": "cur"}),
        ({"data": [], "next": "/v1/vps?page=2"}, "", {}, {"page": "2"}),
        ({"data": [], "next": "https://api.test/v1/vps?page=2&n=5"}, "", {"n": "1"}, {"n": "5", "page": "2"}),
        ({"data": [], "next": "?cursor=a%20b"}, "", {}, {"cursor": "a b"}),
        ({"data": [], "links": {"next": "/v1/vps?page=4"}}, "", {}, {"page": "4"}),
        ({"data": [], "meta": {"links": {"next": {"href": "/v1/vps?page=5"}}}}, "", {}, {"page": "5"}),
        ({"data": [], "links": {"next": None}}, "", {}, None),
        ({"data": [], "nextPage": 2}, "", {}, {"page": 2}),
        ({"data": [], "next_page": 2, "page": 1, "pages": 1}, "", {}, None),
        ([], '<https://api.test/v1/vps?page=2>; rel="next"', {}, {"page": "2"}),
        ([], '</v1/vps?page=1>; rel="prev", </v1/vps?page=3>; rel=next', {}, {"page": "3"}),
        ([], '</v1/vps?page=1>; rel="first"', {}, None),
        ([], '</v1/vps?page=1>; rel="first next"; title="a, b"', {}, {"page": "1"}),
        ([], "</v1/vps?a=1,2>;REL = NEXT", {}, {"a": "1,2"}),
        # Behind a proxy the API names itself as it knows itself.
        ({"data": [], "next": "http://api.test/v1/vps?page=2"}, "", {}, {"page": "2"}),
        ({"data": [], "next": "http://internal:8080/v1/vps?page=2"}, "", {"n": "5"}, {"n": "5", "page": "2"}),
        ([], '<http://internal:8080/v1/vps/?cursor=x>; rel="next"', {}, {"cursor": "x"}),
        ({"data": [], "next": "http://internal/api/vps?page=9", "page": 1, "pages": 4}, "", {}, {"page": 2}),
        ([], '<http://internal/api/vps?page=3>; rel="next"', {}, {"page": 3}),
        ({"data": [], "next": "http://[", "page": 1}, "", {}, {"page": 2}),
        ({"data": [], "next": "http://internal/x?cursor=y", "offset": 0}, "", {}, {"offset": 2}),
    ],
)
def test_every_usual_form_of_a_next_page_is_understood(
    body: t.Any, link: str, query: dict[str, str], following: dict[str, t.Any] | None
) -> None:
    assert next_page(Answer(200, body, {"Link": link} if link else {}), 2, 2, query, HERE) == following


@pytest.mark.parametrize(
    "body,link,words",
    [
        ({"data": [], "total": 9}, "", "there are more entries than the 2"),
        ({"data": [], "has_more": True}, "", "there are more entries"),
        ({"data": [], "pageInfo": {"hasNextPage": True}}, "", "there are more entries"),
        ({"data": [], "next": "//evil.test/v2/vps"}, "", "returned a next page that can't be used"),
        ({"data": [], "next": "http://["}, "", "returned a next page that can't be used"),
        ({"data": [], "next": "/v1/vps/other?cursor=y"}, "", "returned a next page that can't be used"),
        ([], '<https://evil.test/x>; rel="next"', "returned a next page that can't be used"),
        ([], '<http://[>; rel="next"', "returned a next page that can't be used"),
        ([], "<%s>; rel=next" % ("/v1/vps?a=" + "x" * 5000), "returned a next page that can't be used"),
    ],
)
def test_a_next_page_that_can_not_be_asked_for_is_refused(body: t.Any, link: str, words: str) -> None:
    with pytest.raises(BadReply, match=words) as caught:
        next_page(Answer(200, body, {"Link": link} if link else {}), 2, 2, {}, HERE)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "facts",
    [
        {"has_more": True}, {"has_next": "yes"}, {"truncated": 1}, {"is_partial": True}, {"next": "x"},
        {"next_page": 2}, {"next_page_url": "/x"}, {"next_cursor": "c"}, {"next_page_token": "t"},
        {"page": 1, "total_pages": "2"}, {"current_page": 1, "last_page": 2},
    ],
)  # fmt: skip
def test_an_object_says_that_its_lists_go_on(facts: dict[str, t.Any]) -> None:
    assert goes_on(facts)
    for name in PLACES:
        assert goes_on({"id": 1, name: facts}) and not goes_on({"id": 1, "extra": facts})


@pytest.mark.parametrize(
    "facts",
    [
        {}, {"has_more": False}, {"next": None}, {"next": ""}, {"next_page": False}, {"page": 2, "total_pages": 2},
        {"page": 1}, {"total_pages": 2}, {"total": 99}, {"count": 99}, {"pages": 3, "page": 1},
    ],
)  # fmt: skip
def test_an_object_that_says_nothing_of_more_is_whole(facts: dict[str, t.Any]) -> None:
    """An invoice's total is no count of anything."""
    assert not goes_on(facts) and not goes_on({"meta": facts})


def test_what_speaks_of_pages_in_any_object() -> None:
    """In a ticket, "partial" or "total" can be about something else."""
    assert {"meta", "links", "next", "next_cursor", "has_more", "page", "last_page"} <= PAGING
    assert not {"partial", "truncated", "total", "count", "pages", "offset"} & PAGING
