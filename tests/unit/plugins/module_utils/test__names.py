# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, ids and addresses: what is accepted, refused and shown."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _names
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption


@pytest.mark.parametrize("value", ["1", "a", "vps-1", "6f0c1f52-0000-4000-8000-000000000001", "A.b_c~d", "a" * 128])
def test_ids(value: str) -> None:
    assert _names.is_id(value) and _names.check_id(value, "vps") == value


@pytest.mark.parametrize(
    "value", ["", ".", "..", "-a", "a/b", "a%2f", "a\n", "a b", "ä", "all-ips", "a" * 129, "{{ x }}"]
)
def test_not_ids(value: str) -> None:
    assert not _names.is_id(value)
    with pytest.raises(BadOption, match="^vps: "):
        _names.check_id(value, "vps")


@pytest.mark.parametrize("value", [None, 1, True, 1.0, b"a", ["a"]])
def test_only_a_text_is_an_id(value: object) -> None:
    assert not _names.is_id(value)


@pytest.mark.parametrize(
    "value,canonical",
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7/24 ", "192.0.2.7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:db8::7/64", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::", "::"),
        ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
        ("256.1.1.1", None),
        ("1.2.3", None),
        ("1.2.3.4.5", None),
        ("-oProxyCommand=id", None),
        ("2001:db8:::7", None),
        ("::g", None),
        ("a:b", None),
        ("1\x00:2", None),
        ("", None),
        ("host", None),
        (None, None),
        (3221225991, None),
        (["192.0.2.7"], None),
    ],
)
def test_addresses(value: object, canonical: str | None) -> None:
    assert _names.canonical_ip(value) == canonical
    if isinstance(value, str):
        if canonical is None:
            with pytest.raises(BadOption, match="^ip: .* is not an IP address"):
                _names.check_ip(value, "ip")
        else:
            assert _names.check_ip(value, "ip") == canonical


@pytest.mark.parametrize(
    "value,dotted,result",
    [
        ("a.example.com.", True, "a.example.com"),
        (" a.example.com ", True, "a.example.com"),
        ("bücher.example", True, "xn--bcher-kva.example"),
        ("straße.example", True, "xn--strae-oqa.example"),  # not strasse.example, which is somebody else's
        ("_dmarc.example.com", True, "_dmarc.example.com"),
        ("web-1", False, "web-1"),
        ("web-1", True, None),
        ("192.0.2.7", True, None),
        ("-a.example.com", False, None),
        ("a-.example.com", False, None),
        ("a..example.com", False, None),
        ("a b.example.com", False, None),
        ("a/b", False, None),
        ("a.example.com\nx", False, None),
        ("a" * 64 + ".com", False, None),
        (".".join(["a" * 60] * 5), False, None),
        ("", False, None),
        (".", False, None),
        ("ä" * 70, False, None),
        ("bü\u200bcher.example", True, None),
        ("bü cher.example", True, None),
        ("bü/cher.example", True, None),
    ],
)
def test_hostnames(value: str, dotted: bool, result: str | None) -> None:
    if result is None:
        with pytest.raises(BadOption, match="^hostname: "):
            _names.check_hostname(value, "hostname", dotted)
    else:
        assert _names.check_hostname(value, "hostname", dotted) == result


@pytest.mark.parametrize("value,result", [("A.Example.COM.", "a.example.com"), (" a ", "a"), (None, ""), ("", "")])
def test_canonical_host(value: str | None, result: str) -> None:
    assert _names.canonical_host(value) == result


@pytest.mark.parametrize(
    "value,result",
    [
        ("Example.COM.", "example.com"),
        ("Müller.de", "xn--mller-kva.de"),
        ("mu\u0308ller.de", "xn--mller-kva.de"),
        ("XN--MLLER-KVA.de", "xn--mller-kva.de"),
        ("straße.de", "xn--strae-oqa.de"),  # not strasse.de, another domain
        ("çağrı.com.tr", "xn--ar-3ia9t9c.com.tr"),
        (None, ""),
    ],
)
def test_ascii_host(value: str | None, result: str) -> None:
    assert _names.ascii_host(value) == result


def test_label_is_nfc() -> None:
    assert _names.check_label("cafe\u0301 1", "label") == "café 1"


@pytest.mark.parametrize(
    "value", ["", " ", " a", "a ", "a\nb", "a\x1b[31m", "a\u202eb", "a\u200b", "\ud800", "a" * 256]
)
def test_wrong_labels(value: str) -> None:
    with pytest.raises(BadOption, match="^label: ") as caught:
        _names.check_label(value, "label")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "value,limit,result",
    [
        ("a\n b\t\tc ", 300, "a b c"),
        ("a\x1b[31mb\x00", 300, "a [31mb"),
        ("a\u202eb\ud800", 300, "a b"),
        ("abcdef", 4, "abc…"),
        ("abcd", 4, "abcd"),
    ],
)
def test_clean(value: str, limit: int, result: str) -> None:
    assert _names.clean(value, limit) == result


def test_a_foreign_text_is_scrubbed_before_it_is_cut() -> None:
    """Half a secret is none that any pattern knows."""
    assert _names.clean("see https://user:canary@host", 18) == "see https://[reda…"
    assert _names.clean("Bearer\n\u200bcanary.123", 40) == "[redacted]"
    assert _names.shown("h444_canary1") == "'[redacted]'"


def test_a_text_of_the_users_own_is_shown_as_it_is() -> None:
    """Variables and groups of the inventory begin like a key."""
    assert _names.quoted("h444_status == 'on'\n") == "'h444_status == 'on''"
    assert _names.one_line("a\tb  h444_x", 9) == "a b h444…"


def test_closest() -> None:
    assert _names.closest("Web-1", ["web-01", "db", None, "web-2"])[0] in ("web-01", "web-2")
    assert _names.closest("zzz", ["web", None]) == []
    assert _names.closest(None, ["web"]) == []
