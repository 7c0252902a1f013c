# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fast ways against core's own: random configurations go both ways, and everything is compared."""

from __future__ import annotations

import random
import typing as t

import pytest
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible.plugins.loader import init_plugin_loader

from ansible_collections.h444.cloud.plugins.plugin_utils import _constructed
from ansible_collections.h444.cloud.plugins.plugin_utils._constructed import Construction, Evaluator, Slot, Subject
from ansible_collections.h444.cloud.plugins.plugin_utils._trust import HAS_TRUST, Marker, is_plain, settled, trusted

if HAS_TRUST:
    from ansible.template import is_trusted_as_template

Host = t.Tuple[str, t.Dict[str, t.Any]]


@pytest.fixture(scope="module", autouse=True)
def _loader() -> None:
    # Filters and tests come from plugin loaders.
    init_plugin_loader([])


class Plugin(BaseInventoryPlugin, Constructable):
    """A Constructable with options from a dict."""

    NAME = "test"

    def __init__(self, options: dict[str, t.Any], extra: dict[str, t.Any] | None = None) -> None:
        super().__init__()
        if not HAS_TRUST:
            from ansible.template import Templar

            self.templar = Templar(loader=DataLoader())
        self.loader = DataLoader()
        self.inventory = InventoryData()
        self._vars = extra or {}
        self._test_options = options

    def get_option(self, option: str, hostvars: t.Any = None) -> t.Any:
        return self._test_options[option]

    def add(self, hosts: t.Sequence[Host]) -> list[t.Any]:
        """Add hosts without core's construction."""
        added = []
        for name, variables in hosts:
            self.inventory.add_host(name)
            host = self.inventory.hosts[name]
            host.vars.update(Marker().value(variables))
            added.append(host)
        return added


def options(**given: t.Any) -> dict[str, t.Any]:
    """Give all options of the constructed fragment, strings trusted as those of a file are."""
    found = {
        "strict": False,
        "compose": {},
        "groups": {},
        "keyed_groups": [],
        "leading_separator": True,
        "use_extra_vars": False,
    }
    found.update({name: _trusted(value) for name, value in given.items()})
    return found


def _trusted(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return trusted(value)
    if isinstance(value, dict):
        return {key: _trusted(item) for key, item in value.items()}
    return [_trusted(item) for item in value] if isinstance(value, list) else value


def by_core(
    hosts: t.Sequence[Host], given: dict[str, t.Any], extra: dict[str, t.Any] | None = None
) -> tuple[t.Any, str]:
    """Construct as the documentation for inventory plugins says."""
    plugin = Plugin(given, extra)
    strict = given["strict"]
    error = ""
    try:
        for host in plugin.add(hosts):
            variables = host.get_vars()
            plugin._set_composite_vars(given["compose"], variables, host.name, strict)
            plugin._add_host_to_composed_groups(given["groups"], {}, host.name, strict)
            plugin._add_host_to_keyed_groups(given["keyed_groups"], {}, host.name, strict)
    except Exception as exc:
        error = "%s: %s" % (type(exc).__name__, exc)
    return snapshot(plugin.inventory), error


def by_us(hosts: t.Sequence[Host], given: dict[str, t.Any], extra: dict[str, t.Any] | None = None) -> tuple[t.Any, str]:
    """Construct the fast way."""
    plugin = Plugin(given, extra)
    error = ""
    try:
        subjects = [Subject(host.vars, host) for host in plugin.add(hosts)]
        Construction(plugin, Evaluator(plugin)).run(subjects)
    except Exception as exc:
        error = "%s: %s" % (type(exc).__name__, exc)
    return snapshot(plugin.inventory), error


def snapshot(inventory: InventoryData) -> t.Any:
    """Give everything about an inventory that can be compared."""
    # Core itself adds a host's further ancestors in the order of a set.
    hosts = [
        (name, sorted(group.name for group in host.groups), {key: describe(value) for key, value in host.vars.items()})
        for name, host in inventory.hosts.items()
    ]
    groups = [
        (
            name,
            group.depth,
            [host.name for host in group.hosts],
            [child.name for child in group.child_groups],
            [parent.name for parent in group.parent_groups],
        )
        for name, group in inventory.groups.items()
    ]
    return {"hosts": hosts, "groups": groups}


def describe(value: t.Any) -> t.Any:
    """Give a value with its type, and what core thinks of a string; where it came from may differ."""
    value = settled(value)
    if isinstance(value, str):
        if HAS_TRUST:
            return "str", is_trusted_as_template(value), "".join(value)
        return "str", bool(getattr(value, "__UNSAFE__", False)), "".join(value)
    if isinstance(value, dict):
        return "dict", [(describe(key), describe(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return "list", [describe(item) for item in value]
    for kind in (bool, int, float):
        if isinstance(value, kind):
            return kind.__name__, repr(value)
    return type(value).__name__, "" if callable(value) else repr(value)


# What configurations are made of. Many are odd on purpose: those must go the plain way and come out the same.
EXPRESSIONS = """
h444_label
h444_status
h444_specs.vcpu
h444_specs['vcpu']
h444_specs["nope"]
h444_specs.items
h444_specs.get('vcpu')
h444_specs.keys() | list
h444_specs
h444_ips
h444_ips[0].ip
h444_ips[1].ip
h444_ips[9].ip
h444_ips[-1].ip
h444_ips | length
h444_ips | map(attribute='ip') | list
h444_ips | map(attribute='ip') | first
h444_ips | selectattr('primary') | map(attribute='ip') | join(',')
h444_ips | rejectattr('ptr', 'none') | list | length
h444_label.split('-')
h444_label.split('-')[0]
h444_label.split('-')[1]
h444_label.split('-')[2]
h444_label.upper()
h444_label | upper
h444_label | length
h444_label | regex_replace('-[0-9]+$', '')
h444_label | regex_search('[0-9]+')
h444_label ~ '.example.com'
h444_label ~ h444_number
h444_label ~ '-' ~ h444_plan_slug
h444_label ~ '(x)'
'(' ~ h444_label ~ ')'
h444_label + '.x'
h444_label + 1
h444_number
h444_number + 1
h444_number / 2
h444_number // 2
h444_number | string
h444_float
h444_float * 2
h444_none
h444_none | default('x')
h444_none | default('x', true)
h444_nope
h444_nope | default('fallback')
h444_nope | default(omit)
h444_nope.deeper
h444_nope is defined
h444_none is none
h444_empty
h444_empty or 'nothing'
h444_true
not h444_true
h444_truth_text
h444_hostile
h444_hostile ~ 'x'
h444_hostile | length
h444_hostile.split('-')[0]
h444_label if h444_true else h444_status
h444_label if h444_number > 5
h444_status == 'running'
h444_status in ['running', 'stopped']
h444_status != 'running' and h444_number > 3
h444_number > 3
h444_number > 'x'
h444_number == 1
h444_digits
h444_digits | int
h444_listlike
h444_bytes | b64decode
inventory_hostname
inventory_hostname_short
inventory_hostname ~ '.x'
group_names
group_names | length
inventory_file
groups
hostvars
omit
range(3) | list
now() is defined
lookup('ansible.builtin.items', h444_label)
[h444_label, h444_status]
[h444_label, '']
[]
{'role': h444_status}
{'role': h444_empty, 'x': h444_none}
(h444_label, h444_status)
'constant'
''
' '
5
1.5
true
none
True
-h444_number
h444_label[0]
h444_label[0:3]
h444_label | nosuchfilter
h444_label is nosuchtest
h444_label is match('web')
h444_label is search('prod')
h444_label is version('1', '>')
h444_label | ternary('a', 'b')
h444_true | ternary('yes', 'no')
h444_label | replace('-', '_') | title
h444_label.startswith('web')
h444_label.nosuch
h444_label.nosuch()
h444_label.__class__
h444_specs.__class__
h444_label |
h444_label }} x {{ h444_status
"{{ h444_label }}"
'{{ h444_label }}'
h444_label ~ "\\\\d"
h444_label  # a comment
h444_composed
h444_composed2 | default('none yet')
h444_extra
h444_extra_template
h444_extra_list | length
""".strip("\n").split("\n")

if not HAS_TRUST:
    # There it becomes a text with a memory address.
    EXPRESSIONS.remove("h444_specs.items")

CONDITIONS = [
    text
    for text in EXPRESSIONS
    if any(mark in text for mark in ("==", " in ", ">", "not ", "is ", "true", "start", "nope", "{{"))
]


def random_hosts(rng: random.Random, count: int) -> list[Host]:
    """Make hosts, some of them odd."""
    hosts = []
    for place in range(count):
        label = rng.choice(["web-%d", "web-prod-%d", "db-%d", "x%d", "a.b.%d", "Müşteri-%d"]) % place
        variables: dict[str, t.Any] = {
            "h444_label": label,
            "h444_status": rng.choice(["running", "stopped", "ÖDD", "True", "7"]),
            "h444_plan_slug": rng.choice(["vps-1", "vps-2", None, ""]),
            "h444_specs": rng.choice([{"vcpu": 1, "ram_mb": 1024}, {"vcpu": 2, "items": 5}, {"vcpu": True}, {}]),
            "h444_ips": [
                {"ip": "10.0.0.%d" % (place + n), "primary": n == 0, "ptr": None} for n in range(rng.randrange(3))
            ],
            "h444_number": rng.choice([0, 1, 7, 10**20, place]),
            "h444_float": rng.choice([1.0, 0.0, -0.0, 1.5]),
            "h444_none": None,
            "h444_empty": "",
            "h444_true": rng.choice([True, False, 1, 0]),
            "h444_truth_text": rng.choice(["True", "False", "true", "yes"]),
            "h444_hostile": rng.choice(
                ["{{ 1 + 1 }}", "{% raw %}", "plain-%d" % place, "#jinja2:x", "it's", "[1, 2]", "{'a': 1}"]
            ),
            "h444_digits": rng.choice(["1", "01", "1e3", "0x10"]),
            "h444_listlike": rng.choice(["a,b", "1,2", "=x"]),
            "h444_bytes": rng.choice(["e3sgMSB9fQ==", "d2Vi", "!"]),
            "ansible_host": "10.0.0.%d" % place,
        }
        for name in list(variables):
            if rng.random() < 0.04:
                del variables[name]
        hosts.append(("h-%d.example" % place if place % 3 else "10.9.8.%d" % place, variables))
    return hosts


def random_options(rng: random.Random) -> dict[str, t.Any]:
    """Make a configuration."""
    pick = rng.choice
    compose = {
        name: pick(EXPRESSIONS)
        for name in rng.sample(
            ["h444_composed", "h444_composed2", "ansible_host", "h444_label", "my_var"], rng.randrange(4)
        )
    }
    groups: dict[str, t.Any] = {
        name: pick(CONDITIONS) for name in rng.sample(["up", "big-ones", "with space", "h-1.example"], rng.randrange(3))
    }
    if rng.random() < 0.1:
        groups["always"] = pick([True, False])
    keyed = []
    for _entry in range(rng.randrange(4)):
        entry: dict[str, t.Any] = {"key": pick(EXPRESSIONS)}
        if rng.random() < 0.6:
            entry["prefix"] = pick(["p", "", "with-dash", "7"])
        if rng.random() < 0.3:
            entry["separator"] = pick(["", "-", "_"])
        if rng.random() < 0.3:
            entry["parent_group"] = pick(["parent", "par ent", "{{ h444_status }}", "all"])
        if rng.random() < 0.3:
            entry["default_value"] = pick(["dflt", "d-1"])
        if rng.random() < 0.2:
            entry["trailing_separator"] = pick([True, False])
        keyed.append(entry)
    return options(
        strict=rng.random() < 0.35,
        compose=compose,
        groups=groups,
        keyed_groups=keyed,
        leading_separator=rng.random() < 0.7,
        use_extra_vars=rng.random() < 0.3,
    )


EXTRA = {
    "h444_extra": "from outside",
    "h444_status": "shadowed",
    "h444_extra_template": "{{ h444_label }}-t",
    "h444_extra_list": [1, 2],
}


@pytest.mark.slow
@pytest.mark.parametrize("few", [0, 12], ids=["batched", "one-by-one"])
@pytest.mark.parametrize("seed", range(60))
def test_random_configurations(seed: int, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways give the same hosts, variables, groups and errors."""
    monkeypatch.setattr(_constructed, "FEW", few)
    rng = random.Random("%d/%d" % (seed, few))
    hosts = random_hosts(rng, rng.choice([1, 5, 20]))
    given = random_options(rng)
    extra = _trusted(EXTRA) if rng.random() < 0.5 else {}
    assert by_us(hosts, given, extra) == by_core(hosts, given, extra), given


@pytest.mark.parametrize(
    "text",
    [pytest.param(text, marks=pytest.mark.slow if number % 8 else ()) for number, text in enumerate(EXPRESSIONS)],
)
@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
def test_every_expression(text: str, strict: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each expression alone, as a variable, a condition and a key, with more inputs than are evaluated one by one."""
    monkeypatch.setattr(_constructed, "FEW", 3)
    hosts = random_hosts(random.Random(text), 16)
    for given in (
        {"compose": {"made": text}},
        {"groups": {"made": text}},
        {"keyed_groups": [{"key": text, "prefix": "k"}]},
    ):
        chosen = options(strict=strict, **given)
        assert by_us(hosts, chosen) == by_core(hosts, chosen), given


def counting(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Count how often core evaluates something."""
    counts = {"compose": 0, "render": 0}
    compose, render = Plugin._compose, Evaluator.render

    def counted_compose(self: Plugin, *args: t.Any, **kwargs: t.Any) -> t.Any:
        counts["compose"] += 1
        return compose(self, *args, **kwargs)

    def counted_render(self: Evaluator, *args: t.Any) -> str:
        counts["render"] += 1
        return render(self, *args)

    monkeypatch.setattr(Plugin, "_compose", counted_compose)
    monkeypatch.setattr(Evaluator, "render", counted_render)
    return counts


def fleet(count: int) -> list[Host]:
    """Make ordinary hosts."""
    return [
        ("web-%d" % n, {"h444_label": "web-%d" % n, "h444_status": ("running", "stopped")[n % 2], "h444_number": n})
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("text", "evaluations", "renders"),
    [
        ("h444_label", 0, 0),
        ("h444_label ~ '.example.com'", 0, 0),
        ("h444_status | upper", 2, 0),
        ("h444_label.split('-')[0]", 0, 1),
        ("lookup('ansible.builtin.items', h444_label)", 100, 0),
    ],
)
def test_how_often_core_is_asked(text: str, evaluations: int, renders: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is looked up, few inputs are evaluated once each, many in one template, what isn't understood per host."""
    counts = counting(monkeypatch)
    hosts = fleet(100)
    given = options(compose={"made": text})
    ours = by_us(hosts, given)
    assert counts == {"compose": evaluations, "render": renders}
    assert ours == by_core(hosts, given)


def test_one_bad_input_does_not_spoil_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs for which the expression fails are found by halves; the others still go together."""
    counts = counting(monkeypatch)
    hosts = fleet(200)
    hosts[77][1]["h444_label"] = 77
    given = options(compose={"made": "h444_label.split('-')[0]"})
    ours = by_us(hosts, given)
    assert counts["compose"] < 30
    assert ours == by_core(hosts, given)


@pytest.mark.skipif(not HAS_TRUST, reason="trust came with ansible-core 2.19")
def test_an_untrusted_expression_is_not_looked_up() -> None:
    """Core refuses expressions that are not trusted, so the fast way must not answer them."""
    hosts = fleet(3)
    given = options()
    given["compose"] = {"made": "h444_label"}
    assert by_us(hosts, given) == by_core(hosts, given)
    assert "made" not in by_us(hosts, given)[0]["hosts"][0][2]


def test_a_filter_in_the_place_of_cores_goes_the_plain_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's own filter of a known name may do anything."""

    class Replaced:
        ansible_name = "upper"

    monkeypatch.setattr(_constructed.filter_loader, "get", lambda name: Replaced())
    plugin = Plugin(options())
    assert Slot(Evaluator(plugin), trusted("h444_label | upper")).expression is None
    assert Slot(Evaluator(plugin), trusted("h444_label")).expression is not None


def test_hosts_do_not_share_values() -> None:
    """A list that was evaluated once is a list of its own for every host."""
    plugin = Plugin(options(compose={"made": "h444_status.split('x')"}))
    subjects = [Subject(host.vars, host) for host in plugin.add(fleet(4))]
    Construction(plugin, Evaluator(plugin)).run(subjects)
    lists = [host.vars["made"] for host in plugin.inventory.hosts.values()]
    assert lists[0] == lists[2]
    assert lists[0] is not lists[2]


def test_a_host_called_like_a_group_stays_a_host() -> None:
    """Core finds whom a variable or a membership is for by name, groups first."""
    plugin = Plugin(
        options(
            compose={"made": "h444_status"},
            groups={"up": "h444_status == 'running'"},
            keyed_groups=[{"key": "h444_label | upper"}],
        )
    )
    plugin.inventory.add_group("web-0")
    subjects = [Subject(host.vars, host) for host in plugin.add(fleet(1))]
    Construction(plugin, Evaluator(plugin)).run(subjects)
    assert [host.name for host in plugin.inventory.groups["up"].hosts] == ["web-0"]
    assert plugin.inventory.groups["up"].child_groups == []
    assert plugin.inventory.hosts["web-0"].vars["made"] == "running"
    assert "made" not in plugin.inventory.groups["web-0"].vars


def test_plain_strings_are_plain_and_no_others() -> None:
    """The set of characters is what keeps templates out."""
    assert is_plain("web-1.example.com 10.0.0.1:22 a@b/c+d=e,f_Müşteri")
    markup = ("{{ x }}", "{% x %}", "{# x #}", "#jinja2:x", "lookup('x')", "a|b", "x\ny", "x\n")
    for text in (*markup, '"', "'", "(", "[", "\\", "$x", "`x`", "~", "\x1b", "\u202e"):
        assert not is_plain(text), text
