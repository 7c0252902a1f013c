# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache: no request and no key on a hit, never another account's answers, and never a secret in a file."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible.utils.display import Display

from ansible_collections.h444.cloud.tests.unit.plugins.inventory.support import (
    KEY,
    OTHER_KEY,
    Api,
    address,
    read,
    run,
    vps,
    write,
)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was warned of."""
    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, msg, *args, **kwargs: said.append(str(msg)))
    return said


@pytest.fixture(params=["ansible.builtin.jsonfile"])
def options(request: pytest.FixtureRequest, api: Api, tmp_path: pathlib.Path) -> dict[str, t.Any]:
    """A configuration with a cache on disk, and an API with two accounts."""
    api.answer("/v1/vps", b"[]")
    api.answer("/v1/vps/all-ips", b"[]")
    one = [
        vps(1, "one", rootPassword="hunter2-secret"),
        vps(2, "two", text="caf\u00e9 {{ x }}", notes=["a", None, 1.5, True]),
    ]
    api.by_key = {
        KEY: {
            "/v1/vps": json.dumps(one).encode(),
            "/v1/vps/all-ips": json.dumps([{"id": "id-1", "ips": [address("10.0.0.1", True, "one.example")]}]).encode(),
        },
        OTHER_KEY: {"/v1/vps": json.dumps([vps(3, "three")]).encode()},
    }
    return {
        "api_url": api.url,
        "cache": True,
        "cache_plugin": request.param,
        "cache_connection": str(tmp_path / "cache"),
        "cache_timeout": 3600,
    }


def found(path: pathlib.Path, cache: bool = True) -> dict[str, t.Any]:
    """Give the variables of all hosts, as plain data."""
    hosts = read(path, cache=cache).hosts
    return json.loads(json.dumps({name: host.vars for name, host in hosts.items()}, default=str))


def test_a_hit_needs_no_request_and_gives_the_same(api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    """From the second run on the API is not asked."""
    path = write(tmp_path, api_key=KEY, **options)
    first = found(path)
    assert len(api.requests) == 2
    assert found(path) == first
    assert len(api.requests) == 2


def test_a_hit_needs_no_key(api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    """No key, a key that is a failing template, an API that is gone: the last answers are there."""
    first = found(write(tmp_path, api_key=KEY, **options))
    api.replies.clear()
    api.by_key.clear()
    assert found(write(tmp_path, **options)) == first
    assert found(write(tmp_path, api_key="{{ nothing_like_it }}", **options)) == first
    assert len(api.requests) == 2


def test_another_account_is_never_served(api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    """The same file with another key asks again, and each key keeps its own answers."""
    path = write(tmp_path, api_key="{{ lookup('ansible.builtin.env', 'MY_KEY') }}", **options)
    with pytest.MonkeyPatch.context() as patch:
        for key, name in ((KEY, "one"), (OTHER_KEY, "three"), (KEY, "one"), (OTHER_KEY, "three")):
            patch.setenv("MY_KEY", key)
            assert name in found(path)
    assert len(api.requests) == 4


def test_another_url_is_never_served(api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    """Neither with a key nor without."""
    found(write(tmp_path, api_key=KEY, **options))
    options["api_url"] = api.origin + "/v2"
    for key in (KEY, None):
        with pytest.raises(AnsibleError):
            found(write(tmp_path, api_key=key, **options))


def test_another_file_is_not_served(api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    """Entries belong to one configuration."""
    found(write(tmp_path, api_key=KEY, **options))
    found(write(tmp_path, "other.h444.yml", api_key=KEY, **options))
    assert len(api.requests) == 4


def test_flushing_asks_again_and_stores_anew(api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    """--flush-cache and refresh_inventory come here as cache=False."""
    path = write(tmp_path, api_key=KEY, **options)
    found(path)
    api.by_key[KEY]["/v1/vps"] = json.dumps([vps(9, "new")]).encode()
    assert "one" in found(path)
    assert list(found(path, cache=False)) == ["new"]
    assert list(found(path)) == ["new"]
    assert len(api.requests) == 4


def test_no_secret_is_written(api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    """Neither the key, nor anything that is named like a password."""
    found(write(tmp_path, api_key=KEY, **options))
    files = list((tmp_path / "cache").iterdir())
    assert files
    for file in files:
        text = file.name + file.read_text(encoding="utf-8")
        assert KEY not in text
        assert "hunter2" not in text
        assert "assword" not in text


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"h444_cache": 99}',
        '{"h444_cache": 1, "account": "x", "replies": "{}"}',
        '{"web": {"ansible_host": "10.6.6.6"}}',
        "\x00\xff",
    ],
)
def test_a_broken_or_foreign_entry_is_a_warning(
    api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path, warnings: list[str], content: str
) -> None:
    """The API is asked again, and the entry is good afterwards."""
    path = write(tmp_path, api_key=KEY, **options)
    first = found(path)
    for file in (tmp_path / "cache").iterdir():
        file.write_text(content, encoding="latin-1")
    assert found(path) == first
    assert len(api.requests) == 4
    assert any("cache" in text and str(path) in text for text in warnings)
    del warnings[:]
    assert found(path) == first
    assert len(api.requests) == 4
    assert warnings == []


def test_an_entry_of_another_account_in_this_ones_place(
    api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path, warnings: list[str]
) -> None:
    """A file that was copied over is not believed."""
    path = write(tmp_path, api_key=KEY, **options)
    first = found(path)
    (mine,) = [file for file in (tmp_path / "cache").iterdir() if not file.name.endswith("_last")]
    entry = mine.read_text(encoding="utf-8")
    found(write(tmp_path, api_key=OTHER_KEY, **options))
    (others,) = [file for file in (tmp_path / "cache").iterdir() if not file.name.endswith("_last") and file != mine]
    mine.write_text(others.read_text(encoding="utf-8"), encoding="utf-8")
    assert found(write(tmp_path, api_key=KEY, **options)) == first
    assert mine.read_text(encoding="utf-8") == entry
    assert any("damaged or belongs to a different inventory" in text for text in warnings)


def test_an_expired_entry_is_not_used(api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    """cache_timeout is core's."""
    import os

    path = write(tmp_path, api_key=KEY, **options)
    found(path)
    for file in (tmp_path / "cache").iterdir():
        os.utime(file, (1, 1))
    found(path)
    assert len(api.requests) == 4


@pytest.mark.slow
def test_through_the_command(api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    """Two runs of ansible-inventory, then --flush-cache, then a play that refreshes."""
    path = write(tmp_path, api_key=KEY, **options)
    first = run(tmp_path, "ansible-inventory", "-i", path, "--list")
    second = run(tmp_path, "ansible-inventory", "-i", path, "--list", H444_API_KEY="")
    assert first.out == second.out
    assert "one" in first.hostvars
    assert len(api.requests) == 2
    (tmp_path / "play.yml").write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - meta: refresh_inventory\n", encoding="utf-8"
    )
    played = run(tmp_path, "ansible-playbook", "-i", path, "play.yml")
    assert played.code == 0, played.err
    assert len(api.requests) == 4
    flushed = run(tmp_path, "ansible-playbook", "-i", path, "--flush-cache", "play.yml")
    assert flushed.code == 0, flushed.err
    assert len(api.requests) == 8


def damaged(replies: dict[str, t.Any], how: str) -> str:
    """Change what is in the cache."""
    nested = "[" * 500 + "]" * 500
    if how == "nested row":
        return json.dumps(replies).replace('"one"', nested)
    if how == "nested address":
        return json.dumps(replies).replace('"one.example"', nested)
    if how == "endless":
        return json.dumps(replies).replace('"one"', "[" * 200_000 + "]" * 200_000)
    return json.dumps(
        {
            "null row": {**replies, "vps": [None]},
            "row of text": {**replies, "vps": ["x"]},
            "no addresses": {**replies, "all_ips": 5},
        }[how]
    )


@pytest.mark.parametrize("how", ["null row", "row of text", "no addresses", "nested row", "nested address", "endless"])
def test_odd_entries_are_asked_for_again(
    api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path, warnings: list[str], how: str
) -> None:
    """What no entry of ours holds is not one, and the next answers take its place."""
    path = write(tmp_path, api_key=KEY, **options)
    first = found(path)
    for file in (tmp_path / "cache").iterdir():
        content = json.loads(file.read_text(encoding="utf-8"))
        entry = content.get("__payload__", content) if isinstance(content, dict) else content
        entry = json.loads(entry) if isinstance(entry, str) else entry
        if "replies" in entry:
            entry["replies"] = damaged(json.loads(entry["replies"]), how)
            is_text = isinstance(content.get("__payload__"), str)
            file.write_text(
                json.dumps({**content, "__payload__": json.dumps(entry)} if is_text else entry), encoding="utf-8"
            )
    assert found(path) == first
    assert len(api.requests) == 4
    assert len([text for text in warnings if "damaged" in text]) == 1
    assert found(path) == first
    assert len(api.requests) == 4


def test_odd_answers_are_not_kept(
    api: Api, options: dict[str, t.Any], tmp_path: pathlib.Path, warnings: list[str]
) -> None:
    """An odd server is in the inventory, and the API is asked again the next time."""
    nested = json.dumps([vps(1, "one"), {**vps(2, "two"), "x": 0}]).replace('"x": 0', '"x": ' + "[" * 500 + "]" * 500)
    api.by_key[KEY]["/v1/vps"] = nested.encode()
    path = write(tmp_path, api_key=KEY, **options)
    assert set(found(path)) == set(found(path)) == {"one", "two"}
    assert len(api.requests) == 4
    assert [text for text in warnings if "not stored in the cache" in text]
