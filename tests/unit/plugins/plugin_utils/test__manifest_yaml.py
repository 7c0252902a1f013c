# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A document as YAML: whatever the names are, ansible-core reads back the same texts and evaluates none of them."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.utils.unsafe_proxy import wrap_var
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined

from ansible_collections.h444.cloud.plugins.filter.manifest_yaml import FilterModule
from ansible_collections.h444.cloud.plugins.module_utils._names import CONTROL

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18
    trust_as_template = None  # type: ignore[assignment]

manifest_yaml = FilterModule().filters()["manifest_yaml"]
TEMPLATES = (
    "{{ 1 + 1 }}", "a {{", "}} b", "{% if true %}x{% endif %}", "%}", "{# x #}", "#}",
    "#jinja2: variable_start_string:'<<', variable_end_string:'>>'\n<<1 + 1>>", "{{ lookup('pipe', 'id') }}",
)  # fmt: skip
ODD = (
    "no", "y", "N", "On", "null", "~", "1e3", "1_000", "0x1f", "0o17", "017", "1:20", "+1", ".5", ".inf", "2026-11-26",
    "8.3", "192.0.2.1", "192.0.2.999", "2001:db8::1", "", " ", " x", "x ", "a: b", "a #b", "#x", "- x", "? x", "'", '"',
    "\\n", "a\tb", "a\nb", "a\r\nb", "\x00", "\x85", "\u2028", "\ufeff", "\u202eabc", "\u200d", "\U0001f600", "سيرفر",
    "größe", "*x", "&x", "!x", "!unsafe x", "%x", "@x", "`x", "[x]", "{x}", "{'a': 1}", "---", "...", "=", "<<", "$x",
    "x" * 5000, "a " * 500,
)  # fmt: skip


class Loader(yaml.SafeLoader):
    """Reads the tag as a plain text."""


Loader.add_constructor("!unsafe", lambda _loader, node: str(node.value))


def document(*texts: str) -> dict[str, t.Any]:
    """Make a document of these texts."""
    return {"servers": [{"label": text, "ptr": None, "on": True} for text in texts], "webhooks": [{"events": [*texts]}]}


def test_a_document_is_written_as_people_read_it() -> None:
    servers = [{"label": "web-1", "ptr": None}, {"label": "{{ x }}", "os_template": "ubuntu-24.04"}]
    hosting = [{"php_version": "8.3", "active": True, "events": ["a", "b"], "ip": "192.0.2.1"}]
    written = manifest_yaml({"servers": servers, "hosting": hosting, "domains": []}, "One\n\ntwo: {{ x }}\n")
    assert written == (
        "# One\n#\n# two: {{ x }}\n---\n"
        "servers:\n"
        "  - label: web-1\n"
        "    ptr: null\n"
        "  - label: !unsafe '{{ x }}'\n"
        "    os_template: ubuntu-24.04\n"
        "\n"
        "hosting:\n"
        "  - php_version: '8.3'\n"
        "    active: true\n"
        "    events:\n"
        "      - a\n"
        "      - b\n"
        "    ip: 192.0.2.1\n"
        "\n"
        "domains: []\n"
    )
    assert manifest_yaml({}) == "---\n{}\n"


@given(st.lists(st.one_of(st.text(), st.sampled_from([*ODD, *TEMPLATES])), max_size=6))
def test_every_text_comes_back_as_it_was(texts: list[str]) -> None:
    """And nothing in the file hides: characters without a look of their own are escaped."""
    written = manifest_yaml(document(*texts))
    assert yaml.load(written, Loader) == document(*texts)
    assert not CONTROL.search(written.replace("\n", ""))
    assert manifest_yaml(wrap_var(document(*texts))) == written


def trusting(take: t.Callable[..., t.Any], *given: t.Any) -> t.Any:
    """Call what marks texts as the user's own where ansible-core tells them apart, which it has done since 2.19."""
    return take(*given) if trust_as_template is None else take(*given, trusted_as_template=True)


@pytest.mark.parametrize("text", [*ODD, *TEMPLATES])
def test_ansible_reads_the_file_back_and_evaluates_nothing(text: str, tmp_path: Path) -> None:
    """Like include_vars, and then as an option of a task."""
    file = tmp_path / "account.yml"
    file.write_text(manifest_yaml(document(text)), encoding="utf-8")
    loader = DataLoader()
    read = trusting(loader.load_from_file, str(file))
    assert read == document(text)
    templar = Templar(loader, variables={"account": read, "x": 5})
    option = "{{ account }}"
    assert templar.template(trust_as_template(option) if trust_as_template else option) == document(text)


def test_ansible_would_evaluate_what_is_not_marked(tmp_path: Path) -> None:
    """Else the test above would prove nothing."""
    file = tmp_path / "account.yml"
    file.write_text(manifest_yaml(document("{{ 1 + 1 }}")).replace("!unsafe", ""), encoding="utf-8")
    loader = DataLoader()
    templar = Templar(loader, variables={"account": trusting(loader.load_from_file, str(file))})
    option = "{{ account.webhooks[0].events[0] }}"
    assert str(templar.template(trust_as_template(option) if trust_as_template else option)) == "2"


@pytest.mark.parametrize("text", TEMPLATES)
def test_what_looks_like_a_template_is_marked(text: str) -> None:
    assert manifest_yaml(document(text)).count("!unsafe") == 2


@pytest.mark.parametrize("text", ODD)
def test_other_texts_are_not_marked(text: str) -> None:
    assert ": !unsafe" not in manifest_yaml(document(text))


@pytest.mark.parametrize("value", [None, "x", [1], 5, StrictUndefined()])
def test_only_a_dictionary_is_a_document(value: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="h444_manifest_info"):
        manifest_yaml(value)
    with pytest.raises(AnsibleFilterError, match="only texts"):
        manifest_yaml({"servers": object()})
