# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page: everything is in it, escaped, and it asks for nothing."""

from __future__ import annotations

import re
import typing as t
from html.parser import HTMLParser

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils import _report_page as page
from ansible_collections.h444.cloud.plugins.plugin_utils._report import SCOPES, Month
from ansible_collections.h444.cloud.plugins.plugin_utils._report_alarms import alarms_of
from ansible_collections.h444.cloud.tests.unit.plugins.plugin_utils.accounts import (
    domain,
    figures,
    hosting,
    invoice,
    ip,
    server,
    ticket,
    webhook,
)

HOSTILE = "</title><script>alert('1')</script>\"{{ 7 * 191 }}{% raw %}&lt;"
VOID = {"meta", "link"}


class Reader(HTMLParser):
    """Reads a page: its tags, their attributes and its texts. Every tag must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the last tag."""
        assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag of SVG that closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if data.strip() and self._open[-1] != "style":
            self.texts.append(" ".join(data.split()))


def render(balance: int = 100000, **sections: t.Any) -> str:
    """Render the page of an account."""
    found = figures(balance, **sections)
    return page.render(found, alarms_of(found))


def everything(text: str) -> dict[str, t.Any]:
    """Give an account in which every text is this one."""
    return {
        "vps": [server(id="1", label=text, hostname=text + "h", status=text, plan_slug=text)],
        "ips": [ip("192.0.2.1", "1", ptr=text)],
        "hosting": [hosting(text, id="1", username=text, status=text, php_version=text[:20], ssl_status=text)],
        "domains": [domain(text, status=text)],
        "invoices": [invoice(text, status=text, paid_at=None)],
        "tickets": [ticket(text, status=text, subject=text, priority=text)],
        "webhooks": [webhook(url="https://example.com/" + text, is_active=False, id=text)],
        "account": {"id": text, "email": text, "balance_usd_cents": 1},
    }


def test_every_text_of_the_api_is_escaped() -> None:
    text = render(**everything(HOSTILE))
    found = Reader(text)
    assert not {"script", "img", "iframe", "object"} & {tag for tag, _attributes in found.tags}
    assert "<script" not in text and "1337" not in "".join(found.texts)
    assert sum(HOSTILE in one for one in found.texts) >= 8
    assert text.count("<title>") == 1


def test_the_page_loads_nothing() -> None:
    found = Reader(render(**everything("a")))
    policy = next(attributes["content"] for _tag, attributes in found.tags if attributes.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'; style-src 'sha256-")
    for _tag, attributes in found.tags:
        assert not {"src", "srcset", "style", "action", "onclick"} & set(attributes)
        assert str(attributes.get("href") or "#").startswith(("#", "data:"))
    assert not re.search(r"@import|url\(|https?://", render(**everything("a")))


def test_every_table_has_a_caption_and_heads() -> None:
    text = render(**everything("a"))
    assert text.count("<table") == text.count("<caption>") == 8
    found = Reader(text)
    ids = [attributes["id"] for _tag, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    anchors = {str(attributes["href"])[1:] for tag, attributes in found.tags if tag == "a"}
    assert anchors <= set(ids) and anchors
    assert all("scope" in attributes for tag, attributes in found.tags if tag == "th")
    assert found.tags[0] == ("html", {"lang": "en"})


def test_an_account_with_nothing_in_it_has_a_page() -> None:
    text = " ".join(Reader(render(0)).texts)
    assert (
        "Nothing needs attention" in text and "There are no servers." in text and "There is nothing to pay for." in text
    )
    assert "A month costs 0.00 USD" in text and "no end a month costs nothing" in text


def test_a_key_that_may_read_one_section_gets_a_page() -> None:
    """Whatever the one section is, each of the others says which scope it takes."""
    for only in SCOPES:
        missing = [name for name in SCOPES if name != only]
        text = " ".join(Reader(render(missing=missing, **{only: figures_input(only)})).texts)
        for name in set(missing) & {"vps", "domains", "hosting", "invoices", "tickets", "webhooks"}:
            assert f"the API key lacks the scope {SCOPES[name]} ." in text.replace(":read.", ":read .")


def figures_input(name: str) -> t.Any:
    """Give what a section holds in this test."""
    return {"id": "1", "balance_usd_cents": 5} if name == "account" else []


@pytest.mark.parametrize(("number", "most"), [(6, ""), (7, "and 1 more"), (500, "and 494 more")])
def test_an_alarm_names_a_few_and_counts_the_others(number: int, most: str) -> None:
    text = render(10**9, vps=[server(f"web-{place}", status="suspended") for place in range(number)])
    alarms = text.split('class="alarms"')[1].split("</ul>")[0]
    assert alarms.count("<bdi>web-") == 6 and most in alarms
    assert text.count('scope="rowgroup"') == number


def test_a_server_with_several_addresses_has_a_row_for_each() -> None:
    ips = [ip("192.0.2.1", ptr="a.example.com", forward=True), ip("192.0.2.2"), ip("2001:db8::1", ptr="b.example.com")]
    text = render(vps=[server()], ips=ips)
    assert text.count('rowspan="3"') == 4
    rows = r"192\.0\.2\.1<.*a\.example\.com.*>confirmed<.*192\.0\.2\.2<.*no PTR record.*2001:db8::1<.*>not confirmed<"
    assert re.search(rows, text, re.DOTALL)


def test_the_bars_of_the_chart_are_shares_of_the_dearest_month() -> None:
    months = [Month("2026-01", 1, 200, 0), Month("2026-02", 1, 50, 0), Month("2026-03", 0, 0, 0)]
    assert [page.share(month.total, months) for month in months] == ["100.0", "25.0", "0.0"]
    assert page.share(0, months[2:]) == "0"
    text = render(invoices=[invoice("a"), invoice("b", "2026-10-01", total_usd_cents=480)])
    assert '<rect width="100.0"' in text and '<rect width="50.0"' in text


def test_every_invoice_that_is_not_paid_is_listed() -> None:
    """The alarm names a few of them only."""
    rows = [invoice(f"U-{place}", status="unpaid") for place in range(9)]
    rows += [invoice("O-1", status="overdue", total_usd_cents=None), invoice("P-1")]
    table = render(invoices=rows).split("Invoices that are not paid.")[1].split("</table>")[0]
    assert re.findall(r"<bdi>(\S+)</bdi>", table) == ["O-1", *(f"U-{place}" for place in range(9))]
    assert "Invoices that are not paid." not in render(invoices=[invoice("P-1")])


def test_what_is_not_known_is_said() -> None:
    text = " ".join(Reader(render(vps=[server(plan_slug="vps-9"), server("b", created_at=None)])).texts)
    assert "at least 9.60 USD" in text and "does not show when 1 of them were created" in text


def test_the_page_is_the_same_each_time() -> None:
    assert render(**everything("a")) == render(**everything("a"))
