# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work grows with a foreign text, not with its square: every function that reads a text gets hostile ones of 200 kB."""

from __future__ import annotations

import importlib
import inspect
import random
import re
import time
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _access, _answers, _paging
from ansible_collections.h444.cloud.plugins.module_utils._answers import retry_after_seconds
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._errors import H444Error
from ansible_collections.h444.cloud.plugins.module_utils._names import well_formed
from ansible_collections.h444.cloud.plugins.module_utils._paging import next_page
from ansible_collections.h444.cloud.plugins.module_utils._reader import error_text, snake
from ansible_collections.h444.cloud.plugins.module_utils._reply import secrets_in
from ansible_collections.h444.cloud.plugins.module_utils._scrub import scrub

pytestmark = pytest.mark.slow

PACKAGE = "ansible_collections.h444.cloud.plugins."
MODULES = (
    "_account", "_addresses", "_billing", "_catalogue", "_delivery",
    "_document", "_domain", "_hosting", "_identifiers", "_installed", "_labels", "_names", "_oauth", "_order",
    "_ptr", "_raw", "_reader", "_signature", "_status", "_ticket", "_vps", "_webhook",
)  # fmt: skip
PLUGIN_MODULES = ("_hosts", "_naming", "_trust")
TEXT_TYPES = frozenset({"str", "str | None", "t.Any", "object"})
FILL: dict[str, t.Any] = {
    "str": "x",
    "t.Sequence[str]": ("x",),
    "t.Iterable[str | None]": ("x",),
    "t.Iterable[str]": ("x",),
    "bool": False,
}

SIZE = 200_000
PIECES = [
    "A", "a", "0", "aA", "Aa", "A0", "_", " ", "\n", ".", "-", "<", "<title>", "<title ", "<p ", "&#9", "&", "%41", "{",
    "(", "(a", "*", "\u0301\u0327", "\u00e9", "ß.", "a.",
    "://", "bearer ", "h444_", "x@",
    '"', "\\", ",", ";rel=", "1.", "\u2026", "IPv", "password_", "\ud800",
]  # fmt: skip
TEXTS = [("", piece, end) for piece in PIECES for end in ("", "!")] + [
    (begin, piece, "x")
    for begin in ("https://a/", "<p", "2026-01-01", "a.", "5 ")
    for piece in (" ", "0", ".", "a", "%", "-")
]


def candidates() -> dict[str, t.Callable[[t.Any], t.Any]]:
    """Find every public function whose first argument is a text, and that needs nothing else that can't be made up."""
    found: dict[str, t.Callable[[t.Any], t.Any]] = {}
    for place, names in (("module_utils", MODULES), ("plugin_utils", PLUGIN_MODULES)):
        for name in names:
            module = importlib.import_module("%s%s.%s" % (PACKAGE, place, name))
            for title, function in vars(module).items():
                inner = inspect.unwrap(function) if callable(function) else None
                if title.startswith("_") or not inspect.isfunction(inner) or inner.__module__ != module.__name__:
                    continue
                first, *others = list(inspect.signature(inner).parameters.values()) or [None]
                needed = [
                    one
                    for one in others
                    if one.default is one.empty and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
                ]
                # What a user writes into a playbook is his own.
                if (
                    title == "check_word"
                    or first is None
                    or first.annotation not in TEXT_TYPES
                    or any(one.annotation not in FILL for one in needed)
                ):
                    continue
                more = {one.name: FILL[one.annotation] for one in needed}
                found["%s.%s" % (name, title)] = lambda text, function=function, more=more: function(text, **more)
    return found


FUNCTIONS: dict[str, t.Callable[[t.Any], t.Any]] = {
    **candidates(),
    "_scrub.scrub": scrub,
    "_access.check_url": _access.check_url,
    "_access.check_key": _access.check_key,
    "_answers.parse_json": lambda text: _answers.parse_json(text.encode("utf-8", "replace")),
    "_answers.retry_after_seconds": lambda text: retry_after_seconds(
        {"Retry-After": text, "Date": text, "X-RateLimit-Reset": text}, 1.0, 1.7e9
    ),
    "_paging.next_page of a Link": lambda text: next_page(
        Answer(200, [], {"Link": text + "; rel=next"}), 1, 1, {}, "https://api.test/v1/vps"
    ),
    "_paging.next_page of links": lambda text: next_page(
        Answer(200, [], {"Link": "<%s>; rel=%s" % (text, text)}), 1, 1, {}, "https://api.test/v1/vps"
    ),
    "_paging.next_page of a body": lambda text: next_page(
        Answer(200, {"next": "/" + text, "page": text}, {}), 1, 1, {}, "https://api.test/v1/vps"
    ),
    "_reader.error_text of a message": lambda text: error_text({"message": text}),
}


def seconds(function: t.Callable[[t.Any], t.Any], text: str) -> float:
    """Give what a call costs. It may refuse the text, with an error of ours."""
    start = time.process_time()
    try:
        function(text)
    except (H444Error, ValueError):
        pass
    return time.process_time() - start


def takes_a_text(function: t.Callable[[t.Any], t.Any]) -> bool:
    """Tell whether a function that says it takes anything takes a text."""
    try:
        function("web-1")
    except (AttributeError, KeyError, TypeError):
        return False
    except (H444Error, ValueError):
        pass
    return True


def test_the_functions_are_found() -> None:
    """Otherwise nothing below would prove anything."""
    assert {"_reader.snake", "_reader.moment", "_reader.error_text", "_names.clean", "_names.ascii_host"} <= set(
        FUNCTIONS
    )
    assert len(FUNCTIONS) > 50


@pytest.mark.parametrize("name", FUNCTIONS)
def test_four_times_the_text_is_about_four_times_the_work(name: str) -> None:
    """Sixteen times would be the square. What is over at once is good whatever its ratio."""
    function = FUNCTIONS[name]
    if not takes_a_text(function):
        pytest.skip("takes no text")
    for begin, piece, end in TEXTS:
        long = begin + piece * (SIZE // len(piece))
        whole = seconds(function, long + end)
        if whole > 0.1:
            # The best of three, for one may be disturbed. Other texts than the one above, so that no cache knows them.
            whole = min(whole, *(seconds(function, long[:-number] + end) for number in (1, 2)))
            quarter = min(seconds(function, long[: SIZE // 4 - number] + end) for number in range(3))
            assert whole < 9 * max(quarter, 0.01), (begin, piece, end, quarter, whole)


def test_rows_of_one_id_are_not_compared_with_each_other() -> None:
    """Sixty thousand of them were 25 s."""

    def add(count: int) -> float:
        rows = _paging.Rows(True)
        start = time.process_time()
        for page in range(2):
            rows.add([{"id": 1, "number": number, "page": page} for number in range(count)])
        return time.process_time() - start

    quarter, whole = min(add(15_000) for _try in range(3)), add(60_000)
    assert whole < 9 * max(quarter, 0.05)


@pytest.mark.parametrize("levels", [20, 500, 5000])
def test_an_error_that_is_nested_deeply(levels: int) -> None:
    """The words in it are not looked for any further, and it is no mistake of ours."""
    body: t.Any = "deep"
    for _level in range(levels):
        body = {"message": body}
    assert error_text(body) == error_text([body]) == ""
    assert (
        error_text({"error": {"message": [{"constraints": {"isIp": "ip must be an address"}}]}})
        == "is_ip: ip must be an address"
    )


def test_names_of_fields_are_what_they_were() -> None:
    """One pass does what the plain rules do: a mark before the last of several capitals, and after a small one."""

    def plainly(key: str) -> str:
        key = re.sub(r"[\s.-]+", "_", key.strip()).replace("IPv", "Ipv")
        key = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", key)
        return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", key).lower()

    chooser = random.Random(1)
    for _try in range(5000):
        key = "".join(chooser.choice("aAbB1-_. IPvé") for _letter in range(chooser.randrange(12)))
        assert snake(key) == plainly(key), key


def test_a_title_is_found_and_no_more() -> None:
    assert error_text("<html><TITLE lang=x>Down\nnow</title><title>x</title>") == "HTML page 'Down now'"
    assert error_text("<title>" * 50_000) == "HTML page"
    assert error_text("x" * 1_000_000) == "x" * 159 + "…"


def spaces(number: int) -> str:
    """Write a number in white space, which makes another key of the same name."""
    return format(number, "b").translate(str.maketrans("01", " \t"))


ONE_NAME: dict[str, t.Callable[[int], t.Any]] = {
    "_answers.parse_leniently": lambda count: _answers.parse_leniently(
        b"{%s}" % b",".join(b'"password":%d' % number for number in range(count))
    ),
    "_names.well_formed": lambda count: well_formed(
        {"%s%s" % (chr(0xD800 + number % 2000), chr(0xD800 + number // 2000)): 1 for number in range(count)}
    ),
    "_reply.secrets_in": lambda count: secrets_in(
        {"credentials": {"database" + spaces(number): "s%d" % number for number in range(count)}}
    ),
}


@pytest.mark.parametrize("name", ONE_NAME)
def test_a_name_that_an_object_holds_many_times(name: str) -> None:
    """None is lost, and four thousand of them were 5 to 15 s."""

    def cost(count: int) -> float:
        start = time.process_time()
        assert len(ONE_NAME[name](count)) == count
        return time.process_time() - start

    quarter, whole = (min(cost(count) for _try in range(3)) for count in (5_000, 20_000))
    assert whole < 9 * max(quarter, 0.05)
