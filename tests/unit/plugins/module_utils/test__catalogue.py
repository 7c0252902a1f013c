# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans with their prices, and templates in every shape that the page leaves open."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _catalogue
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply, Refused

UBUNTU = ("ubuntu", "ubuntu-24.04")


class Answering:
    """An account's API that gives one body."""

    def __init__(self, body: object) -> None:
        self.body = body

    def request(self, _endpoint: object) -> Answer:
        """Give the body."""
        return Answer(200, self.body, {})


def product(**fields: t.Any) -> dict[str, t.Any]:
    return _catalogue.read_product({"slug": "vps-2", "category": "vps", "yourMonthlyUsdCents": 900, **fields})


@pytest.mark.parametrize(
    "body",
    [
        [{"os_family": "ubuntu", "os_template": "ubuntu-24.04"}],
        [{"id": 7, "name": "ubuntu-24.04", "family": "ubuntu"}],
        [{"slug": "ubuntu-24.04", "name": "Ubuntu 24.04", "os": {"slug": "ubuntu"}}],
        [{"family": "ubuntu", "templates": ["ubuntu-24.04"]}],
        [{"osFamily": "ubuntu", "versions": [{"osTemplate": "ubuntu-24.04"}]}],
        [{"slug": "ubuntu", "images": [{"slug": "ubuntu-24.04"}]}],
        ["ubuntu-24.04"],
        {"data": ["ubuntu-24.04"]},
        {"osTemplates": [{"slug": "ubuntu-24.04"}]},
        {"ubuntu": ["ubuntu-24.04"], "debian": ["debian-12"]},
        {"data": {"ubuntu": [{"name": "Ubuntu 24.04", "code": "ubuntu-24.04"}], "debian": []}},
    ],
)
def test_a_template_and_its_family_are_found_in_every_shape(body: object) -> None:
    """A list of texts or objects, a family with its templates, a map of families, bare or in an envelope."""
    found = _catalogue.list_os_templates(Answering(body))  # type: ignore[arg-type]
    assert _catalogue.find_os_template(found, "ubuntu-24.04", None) == UBUNTU
    assert _catalogue.find_os_template(found, "ubuntu-24.04", "ubuntu") == UBUNTU


@pytest.mark.parametrize("body", [None, "ubuntu-24.04", {}, {"data": None}, [5], [{"osFamily": "ubuntu"}]])
def test_what_is_no_list_of_templates_is_refused(body: object) -> None:
    """Nothing is taken for an empty catalogue."""
    with pytest.raises(BadReply, match="GET /v1/os-templates was answered, but"):
        _catalogue.list_os_templates(Answering(body))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "family", "message"),
    [
        ("ubuntu-24.40", None, "no template 'ubuntu-24.40'; did you mean ubuntu-24.04\\? There are: debian-12, "),
        ("ubuntu-24.04", "debian", "no template 'ubuntu-24.04' of the family 'debian'\\. There are: debian-12, "),
        (
            "special",
            None,
            "os_family: the API does not show to which family 'special' belongs. Set this option",
        ),
    ],
)
def test_a_template_that_is_not_known_is_refused(name: str, family: str | None, message: str) -> None:
    """The message serves an order and a reinstall alike: it speaks of neither."""
    templates = _catalogue.read_os_templates(["ubuntu-24.04", "debian-12", "special"])
    templates[1]["os_family"], templates[0]["os_family"] = "debian", "ubuntu"
    with pytest.raises(Refused, match=message) as caught:
        _catalogue.find_os_template(templates, name, family)
    assert str(caught.value).endswith("Nothing was changed.") and "ordered" not in str(caught.value)


def test_a_product_is_read() -> None:
    """Prices are whole cents; an odd one is null, so that it hides no other plan."""
    row = product(name="VPS 2", retailMonthlyUsdCents="1000", specs={"ramMb": 4096})
    assert row["name_en"] == "VPS 2" and row["specs"] == {"ram_mb": 4096}
    assert (row["your_monthly_usd_cents"], row["retail_monthly_usd_cents"]) == (900, 1000)
    odd = product(yourMonthlyUsdCents=-1, retailMonthlyUsdCents=9.5, specs="4 GB")
    assert (odd["your_monthly_usd_cents"], odd["retail_monthly_usd_cents"], odd["specs"]) == (None, None, {})
    with pytest.raises(BadReply, match="GET /v1/products was answered, but slug is missing"):
        _catalogue.read_product({"category": "vps"})


def test_the_price_of_a_plan_is_found() -> None:
    """A plan of another category is none; one listed twice at one price is one."""
    rows = [product(), product(), product(slug="web-1", category="hosting", yourMonthlyUsdCents=300)]
    assert _catalogue.find_plan(rows, "vps-2", "vps") == ("vps-2", 900)
    assert _catalogue.find_plan(rows, "web-1", "hosting") == ("web-1", 300)


@pytest.mark.parametrize(
    ("rows", "slug", "message"),
    [
        ([product()], "vps-3", "there is no vps plan 'vps-3'; did you mean vps-2\\? There are: vps-2"),
        ([product(category="hosting")], "vps-2", "there is no vps plan 'vps-2'\\. There are: none"),
        ([product(yourMonthlyUsdCents=None)], "vps-2", "The price of the plan vps-2 can't be read"),
        ([product(), product(yourMonthlyUsdCents=800)], "vps-2", "2 times, at 800 and 900 cents a month"),
    ],
)
def test_money_never_rests_on_a_guess(rows: list[dict[str, t.Any]], slug: str, message: str) -> None:
    """A plan that is not there, or whose price is not known for sure, is not ordered."""
    with pytest.raises(Refused, match=message):
        _catalogue.find_plan(rows, slug, "vps")


@pytest.mark.parametrize(
    ("shown", "wanted", "is_same"), [("VPS 2", "vps-2", True), ("vps_2", "vps-2", True), ("vps-3", "vps-2", False)]
)
def test_plans_are_compared_without_their_spelling(shown: str, wanted: str, is_same: bool) -> None:
    """Where no catalogue is at hand, the words of a name decide."""
    assert _catalogue.is_same_plan(shown, wanted) is is_same


def test_drift_is_certain_for_a_slug_only() -> None:
    """A number or a display name may mean the plan that is wanted."""
    assert _catalogue.plan_drift("web-1", "vps-3", "vps-2") == "web-1 has the plan vps-3, not vps-2"
    for shown in ("7", "Two cores"):
        assert "which may or may not be vps-2" in _catalogue.plan_drift("web-1", shown, "vps-2")


def test_a_name_that_two_plans_share_means_neither() -> None:
    """A slug means its own plan, though another plan is called like it."""
    rows = [product(name="Two"), product(slug="vps-3", name="two"), product(slug="web-1", name="vps-2", id=5)]
    assert _catalogue.plan_names(rows, "vps") == {"vps-2": "vps-2", "vps-3": "vps-3", "web-1": "web-1", "5": "web-1"}
