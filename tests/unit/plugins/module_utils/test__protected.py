# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard: which names a pattern protects, and which steps it stops."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _hosting, _vps, _webhook
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption, Refused
from ansible_collections.h444.cloud.plugins.module_utils._patterns import choose, clean_patterns, fitting
from ansible_collections.h444.cloud.plugins.module_utils._plan import Action
from ansible_collections.h444.cloud.plugins.module_utils._protected import check_unprotected
from ansible_collections.h444.cloud.plugins.module_utils._vps import DELETE, LABEL


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("db-*", "db-1"),
        ("DB-*", "db-1"),
        ("db-*", "DB-1"),
        ("db-?", "db-1"),
        ("db-[12]", "db-2"),
        ("*", ""),
        ("db-1", "db-1"),
        # brackets as they stand, and a label with brackets under a pattern that has more to it
        ("db[1]", "db[1]"),
        ("db[1]*", "db[1]-old"),
        ("[prod] *", "[prod] db"),
        # composed and decomposed, small and capital letters beyond ASCII
        ("caf\u00e9-*", "cafe\u0301-1"),
        ("cafe\u0301-*", "caf\u00e9-1"),
        ("CAF\u00c9", "caf\u00e9"),
        ("stra\u00dfe-*", "STRASSE-1"),
        ("stra?e", "stra\u00dfe"),
        # domains in both scripts, with a trailing dot on either side
        ("m\u00fcller.*", "xn--mller-kva.example"),
        ("xn--mller-kva.example", "m\u00fcller.example"),
        ("example.com", "Example.com."),
        ("example.com.", "example.com"),
        ("https://example.com/*", "https://EXAMPLE.com/hook"),
        ("https://m\u00fcller.example/*", "https://xn--mller-kva.example/hook"),
        ("db-1", " db-1 "),
        ("zzz", "x" * 5000),
        # what is left of a list that stood in one text, as JSON or in quotes
        ('["db-*"', "db-1"),
        ('"db-*"]', "db-1"),
        ('["db-*"]', "db-1"),
        ("'db-*'", "db-1"),
        ('[ "db-*"', "db-1"),
        ('"db-[12]"]', "db-2"),
        ('"db-*"', '"db-1"'),
    ],
)
def test_protects(pattern: str, name: str) -> None:
    """A pattern protects every spelling of a name; what is not clear is protected."""
    assert fitting([pattern], name) == pattern


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("db-*", "web-1"), ("db", "db-1"), ("db-[12]", "db-3"), ("example.com", "https://example.com/"), ("d?", "db-1")],
)
def test_leaves_others(pattern: str, name: str) -> None:
    """A pattern is held against the whole name."""
    assert fitting([pattern], name) is None


def test_patterns_are_trimmed() -> None:
    """A list in one text is split at its commas by Ansible, spaces left."""
    assert clean_patterns(["db-*", " web-* ", "", "  ", None]) == ("db-*", "web-*")
    assert clean_patterns(None) == clean_patterns([]) == ()


def step(**facts: t.Any) -> Action:
    """Make a step of a plan."""
    return Action("terminate", "db-1", DELETE, {"id": "1"}, **facts)


def test_steps() -> None:
    """A destroying step is stopped by any of the names, and where a name is missing or unknown; others pass."""
    for names in (("db-1",), ("web-1", "db-1"), (None,), ("web-1", None), ()):
        with pytest.raises(Refused, match="Nothing was changed. See the option protected"):
            check_unprotected(
                ["db-*"], [step(), step(destroys=True, known_as=names)] if names else [step(destroys=True)]
            )
        check_unprotected([], [step(destroys=True, known_as=names)])
        for blank in ([" "], ["", ""], [None]):
            with pytest.raises(BadOption, match="every pattern is empty"):
                check_unprotected(blank, [step(destroys=True, known_as=names)])
    check_unprotected(["db-*"], [step(destroys=True, known_as=("web-1",)), step(known_as=("db-1",))])


def test_new_names() -> None:
    """A protected name may become another protected one only; what is not protected may get any name."""
    with pytest.raises(Refused, match="'db-1' is protected by the pattern 'db-[*]', and 'web-1' is not"):
        check_unprotected(["db-*"], [step(known_as=("db-1",), new_name="web-1")])
    for names, new in ((("db-1",), "db-2"), (("web-1",), "db-1"), (("web-1",), "web-2"), ((None,), "web-2")):
        check_unprotected(["db-*"], [step(known_as=names, new_name=new)])


def test_every_noun_names_what_it_destroys() -> None:
    """Terminate, reinstall, remove, delete, and the two renames."""
    server = {
        **dict.fromkeys(_vps.FIELDS),
        "id": "1",
        "label": "db-1",
        "status": "running",
        "os_family": "debian",
        "os_template": "debian-12",
    }
    options = {"state": "reinstalled", "new_label": "web-1", "wait": True}
    account = {**dict.fromkeys(_hosting.FIELDS), "id": "1", "domain": "db.example", "username": "me"}
    hook = {**dict.fromkeys(_webhook.FIELDS), "id": "1", "url": "https://db.example/hook"}
    plans = {
        ("db-1",): _vps.plan_absent(server),
        ("web-1", "db-1"): _vps.plan_current(server, options, ("debian", "debian-13")),
        ("db.example", "me"): _hosting.plan_absent(account),
        ("https://db.example/hook",): _webhook.plan_absent(hook),
    }
    for names, plan in plans.items():
        for name in names:
            with pytest.raises(Refused):
                check_unprotected([name], plan.actions)
        check_unprotected(["other"], plan.actions)
    with pytest.raises(Refused):
        check_unprotected(
            ["*db.example*"], _webhook.plan_current(hook, {"new_url": "https://web.example/hook"}).actions
        )
    assert [action.endpoint for action in plans[("web-1", "db-1")].actions][0] is LABEL


def test_choose() -> None:
    """Rows of an info module: any of the fields may fit; no pattern chooses all, and what is not told fits none."""
    rows = [
        {"domain": "db.example", "username": "a"},
        {"domain": None, "username": "db-user"},
        {"domain": "web.example", "username": None},
    ]
    assert choose(rows, ["db*"], "domain", "username") == rows[:2]
    assert choose(rows, ["*.example"], "domain") == [rows[0], rows[2]]
    assert choose(rows, [], "domain") == choose(rows, None, "domain") == choose(rows, [" "], "domain") == rows
