# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cuts lists and threads into pages, in the form that the assumptions ask for. Pure."""

from __future__ import annotations

import re
import typing as t

from .calls import No, Request, Row

PAGE_ROWS = 2
PAGED = frozenset({"vps", "hosting", "domain", "ticket", "webhook", "invoice", "transaction"})


class Page(t.NamedTuple):
    """The rows of a page, the facts beside them, and the headers of the reply."""

    rows: list[t.Any]
    facts: dict[str, t.Any]
    headers: dict[str, str]


def page_of(rows: list[t.Any], request: Request, form: str) -> Page:
    """Give the page that a request asks for. Raises No."""
    start = _start(request.query, form)
    end = start + PAGE_ROWS
    number, more = start // PAGE_ROWS + 1, end < len(rows)
    if form == "cursor":
        return Page(rows[start:end], {"next_cursor": "c%d" % end if more else None}, {})
    if form == "link":
        following = f'</v1{request.path}?page={number + 1}>; rel="next"'
        return Page(rows[start:end], {}, {"Link": following} if more else {})
    if form == "unreadable":
        return Page(rows[:PAGE_ROWS], {"has_more": more}, {})
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    return Page(rows[start:end], {"meta": {"page": number, "total_pages": pages, "total": len(rows)}}, {})


def _start(query: t.Mapping[str, str], form: str) -> int:
    """Read at which row the page begins. Raises No."""
    if form == "cursor" and "cursor" in query:
        if not re.fullmatch(r"c[0-9]{1,9}", query["cursor"]):
            raise No(400, ["cursor is none of ours"])
        return int(query["cursor"][1:])
    if form in ("page", "link") and "page" in query:
        if not re.fullmatch(r"[1-9][0-9]{0,8}", query["page"]):
            raise No(400, ["page must be a whole number from 1"])
        return (int(query["page"]) - 1) * PAGE_ROWS
    return 0


def thread_of(ticket: Row, request: Request, assume: t.Mapping[str, t.Any]) -> tuple[Row, dict[str, str]]:
    """Give a ticket with the page of its thread that a request asks for, and the headers. Raises No."""
    is_paged = assume["ticket_paging"] != "off" and assume["ticket_thread"] in ("messages", "beside")
    if not is_paged:
        return ticket, {}
    # Pages follow the order of the reply, which is made of the oldest message first.
    step = -1 if assume["ticket_order"] == "newest" else 1
    thread = ticket["messages"][::step]
    if assume["ticket_paging"] == "count":
        page = Page(thread[:PAGE_ROWS], {"message_count": len(thread)}, {})
    else:
        page = page_of(thread, request, assume["ticket_paging"])
    return {**ticket, "messages": page.rows[::step], "_page": page.facts}, page.headers
