# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task gives the same in the controller's process as its module does, whatever keywords and options it has."""

from __future__ import annotations

import re
import ssl
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.both_ways import HERE, THERE, WAYS, Folder, both, neutral
from ansible_collections.h444.cloud.tests.integration.playing import environment, play, shown_secrets
from ansible_collections.h444.cloud.tests.integration.rewriting import rewriting
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.wire import Wire, answer, self_signed


@pytest.fixture(scope="module")
def simulator() -> t.Iterator[Simulator]:
    """One simulator for all tests; each play begins with a fresh account."""
    with Simulator.start() as started:
        yield started


KEYWORDS = r"""
- hosts: localhost
  connection: local
  gather_facts: false
  ignore_errors: true
  module_defaults:
    group/h444.cloud.h444: {api_timeout: 21}
    h444.cloud.h444_vps: {wait: false}
    h444.cloud.h444_ptr: {require_forward: false, vps_label: web-2}
    h444.cloud.h444_vps_info: {include_ips: true}
  vars:
    number: 42
    nothing: null
    label: web-1
    webs: [web-1, web-2]
    vault_key: !vault |
VAULT
    hostile: !unsafe "{{ 1 + 1 }}"
  collections: [h444.cloud]
  tasks:
    - h444.cloud.h444_vps_info: {id: "{{ omit }}", label: null, api_retries: "{{ omit }}"}
      register: omitted
    - h444.cloud.h444_vps_info: {label: "{{ nothing }}", include_ips: "{{ 1 == 2 }}", patterns: "{{ webs }}"}
      register: native
    - h444.cloud.h444_vps_info: {label: 42, patterns: [1, 2.5, true, null]}
      register: numbers
    - h444.cloud.h444_vps_info: {label: "{{ number }}", api_timeout: "{{ number }}", patterns: "{{ number }}"}
      register: templated_numbers
    - h444.cloud.h444_vps_info: {label: {a: 1}, include_ips: "{{ [] }}"}
      register: dict_for_text
    - h444.cloud.h444_vps_info: {label: 2026-01-02}
      register: date_for_text
    - h444.cloud.h444_vps_info:
      no_log: true
      register: without_log
    - h444.cloud.h444_vps: {label: web-9, state: started}
      no_log: true
      register: failed_without_log
    - h444.cloud.h444_vps: {label: web-9, state: started}
      register: failed
    - h444.cloud.h444_vps_info: {label: web-1}
      failed_when: found.vps[0].label == 'web-1'
      changed_when: found.vps | length == 1
      register: found
    - h444.cloud.h444_ptr: {hostname: mail.example.com}
      changed_when: false
      register: default_of_ptr
    - h444.cloud.h444_ptr: {hostname: mail.example.com, state: present}
      register: again
    - h444.cloud.h444_vps_info: {label: "{{ item }}"}
      loop: "{{ webs }}"
      register: looped
    - h444_vps_info: {label: "{{ web }}"}
      loop: "{{ webs + ['{{ number }}'] }}"
      loop_control: {loop_var: web, index_var: place, label: "{{ place }}", extended: true}
      when: web != 'web-2'
      failed_when: place == 0
      register: short_name
    - action: h444.cloud.h444_vps_info label=web-1 include_ips=no
      register: by_action
    - action: {module: h444_vps_info, label: web-1}
      register: by_action_module
    - local_action: h444.cloud.h444_vps_info label="{{ label }}"
      register: by_local_action
    - h444.cloud.h444_vps_info:
      run_once: true
      register: once
    - h444.cloud.h444_vps: {label: web-1, state: stopped}
      check_mode: true
      diff: true
      register: checked
    - h444.cloud.h444_vps: {label: web-1, state: stopped, wait: true}
      diff: true
      register: done
    - h444.cloud.h444_vps: {label: web-1, state: stopped}
      register: converged
    - h444.cloud.h444_vps_info: {label: web-1}
      until: attempt.vps[0].status == 'never'
      retries: 2
      delay: 0
      register: attempt
    - h444.cloud.h444_vps_info: {api_key: "{{ vault_key }}"}
      register: from_vault
    - h444.cloud.h444_vps: {id: "{{ done.vps.id }}", new_label: "{{ hostile }}"}
      register: braces
    - h444.cloud.h444_vps_info: {label: "{{ hostile }}"}
      register: read_braces
    - h444.cloud.h444_vps: {id: "{{ done.vps.id }}", new_label: "caf\u00e9 \U0001F600"}
      register: unicode
    - h444.cloud.h444_vps: {label: web-2, new_label: '{{ "a\ud83d" }}'}
      register: surrogate
    - h444.cloud.h444_vps: {label: web-3, plan: vps-1, os_template: debian-12}
      check_mode: true
      register: by_alias
    - h444.cloud.h444_vps: {label: web-3, plan: vps-1, plan_slug: vps-2, os_template: debian-12}
      check_mode: true
      register: by_both
    - h444.cloud.h444_vps_info: {lable: web-1, nonsense: 1}
      register: unknown
    - h444.cloud.h444_vps_info: {include_ips: perhaps}
      register: no_bool
    - h444.cloud.h444_vps_info: {api_timeout: soon}
      register: no_int
    - h444.cloud.h444_vps: {label: web-1, state: absnt}
      register: no_choice
    - h444.cloud.h444_ptr_info: {vps_label: web-1, vps_id: "1", ip: x}
      register: contradiction
    - h444.cloud.h444_webhook_redelivery:
      register: missing
    - h444.cloud.h444_api: {method: GET, path: /vps, api_key: h444_not_a_key_0000}
      register: refused
    - h444.cloud.h444_api: {method: GET, path: /account, query: {a: 1, b: "{{ hostile }}", c: null}}
      register: raw
    - h444.cloud.h444_vps_info:
      environment: {H444_API_KEY: ""}
      register: no_key
    - h444.cloud.h444_oauth_device: {client_id: x, scopes: [vps:read]}
      register: sign_in
    - h444.cloud.h444_vps_info: {label: web-1}
      environment: {H444_API_RETRIES: 1, H444_API_TIMEOUT: "9", H444_RATE_LIMIT: "abc", A: "a 'b' \"c\"\nd $HOME"}
      register: from_environment
    - h444.cloud.h444_vps: {label: web-2, state: absent}
      environment: [{H444_PROTECTED: "db-*"}, {H444_PROTECTED: "web-*, x"}]
      register: protected
"""


def with_vault(text: str) -> str:
    """Encrypt the key for a playbook."""
    from ansible.constants import DEFAULT_VAULT_ID_MATCH
    from ansible.parsing.vault import VaultLib, VaultSecret

    vault = VaultLib([(DEFAULT_VAULT_ID_MATCH, VaultSecret(b"word"))])
    lines = vault.encrypt(Simulator.key.encode()).decode().splitlines()
    return text.replace("VAULT", "\n".join("      " + line for line in lines))


def test_keywords_and_options(simulator: Simulator, tmp_path: Path) -> None:
    """Every keyword and every kind of option in one play."""
    (tmp_path / "vault").write_text("word", encoding="utf-8")
    arguments = ["--vault-password-file", str(tmp_path / "vault")]
    here, there = both(simulator, tmp_path, with_vault(KEYWORDS), arguments=arguments)
    assert here.requests == there.requests


CERTIFICATES = r"""
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - h444.cloud.h444_vps_info: {api_url: "URL", validate_certs: "{{ item }}", api_retries: 0}
      loop: [false, true, false]
      ignore_errors: true
      register: looked
"""


def test_certificates_are_checked_for_each_item(simulator: Simulator, tmp_path: Path) -> None:
    """An item that checks none lets no other one through, and urllib3's warning is shown in neither way."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with Wire(answer([]), tls=context) as wire:
        here, _there = both(simulator, tmp_path, CERTIFICATES.replace("URL", wire.url))
    assert [item["failed"] for item in here.kept["localhost"]["looked"]["results"]] == [False, True, False]
    assert "Insecure" not in here.whole_output


FILES = {
    "inner.yml": r"""
- h444.cloud.h444_vps_info: {label: "{{ item }}"}
  loop: [web-1, "{{ outer }}"]
  register: inner
- ansible.builtin.set_fact: {found: "{{ found | default([]) + inner.results }}"}
""",
    "group_vars/all.yml": "of_all: web-1\n",
    "hosts.yml": r"""
all:
  vars: {ansible_connection: local}
  hosts:
    one: {own: web-1}
    two: {own: web-2, ansible_connection: ansible.builtin.local}
    three: {own: web-3}
    far: {ansible_connection: ssh, ansible_host: 192.0.2.1}
""",
}
HOSTS = ("localhost", "one", "two", "three", "far")
PLACES = r"""
- hosts: localhost
  connection: local
  gather_facts: false
  environment: {H444_API_RETRIES: "3", H444_API_TIMEOUT: "11"}
  tasks:
    - ansible.builtin.include_tasks: inner.yml
      loop: [web-2, web-3]
      loop_control: {loop_var: outer}
    - ansible.builtin.set_fact: {found: "{{ found }}"}
      register: nested
    - environment: {H444_API_TIMEOUT: "12", H444_RATE_LIMIT: "500"}
      block:
        - h444.cloud.h444_vps_info: {label: "{{ of_all }}"}
          environment: {H444_API_RETRIES: "{{ 1 + 1 }}"}
          register: layered
        - h444.cloud.h444_vps_info: {label: "{{ item.label }}", api_retries: 0}
          environment: {H444_API_KEY: "{{ item.key }}", H444_API_URL: "{{ item.url }}"}
          loop:
            - {label: web-1, key: h444_simulator_full_access_key, url: <one>}
            - {label: web-2, key: h444_not_the_key_0000000000000, url: <one>}
            - {label: web-1, key: h444_simulator_full_access_key, url: <other>}
            - {label: web-2, key: h444_simulator_full_access_key, url: "http://127.0.0.1:9/v1"}
            - {label: web-2, key: h444_simulator_full_access_key, url: <one>}
          ignore_errors: true
          register: by_item
    - h444.cloud.h444_vps_info:
      environment: {H444_API_TIMEOUT: "", H444_API_KEY: "{{ omit }}"}
      ignore_errors: true
      register: emptied
    - h444.cloud.h444_vps: {label: web-7, plan_slug: vps-1, os_template: debian-12, credentials_file: mine.json}
      register: kept_here
    - h444.cloud.h444_vps: {label: web-8, plan: vps-1, os_template: debian-12, credentials_file: ~/mine.json}
      register: kept_at_home

- hosts: [one, two, three]
  gather_facts: false
  tasks:
    - h444.cloud.h444_vps: {label: "{{ own }}", state: stopped}
      register: stopped
    - h444.cloud.h444_vps_info:
      run_once: true
      register: once

- hosts: [one, two, three]
  strategy: host_pinned
  gather_facts: false
  tasks:
    - h444.cloud.h444_ptr: {vps_label: "{{ own }}", hostname: "{{ own }}.example.com"}
      register: named

- hosts: far
  gather_facts: false
  tasks:
    - h444.cloud.h444_vps_info: {label: web-1}
      delegate_to: localhost
      register: delegated
    - h444.cloud.h444_vps_info: {label: web-2}
      delegate_to: two
      delegate_facts: true
      register: delegated_to_two
"""


def test_places_and_environments(simulator: Simulator, tmp_path: Path) -> None:
    """Hosts, strategies, nested loops, the environment of a play, a block, a task and an item; where files land."""
    with Simulator.start() as second:
        second.seed(vps=[{"label": "web-1", "plan_slug": "vps-4"}])
        text = PLACES.replace("<one>", simulator.url).replace("<other>", second.url)
        here, there = both(
            simulator,
            tmp_path,
            text,
            files=FILES,
            inventory="hosts.yml",
            hosts=HOSTS,
            arguments=["--forks", "1"],
            seed={"vps": [{"label": f"web-{number}"} for number in (1, 2, 3)]},
        )
    assert set(here.files) == {"work/mine.json", "home/mine.json"}
    kept = here.kept["localhost"]
    assert [item["failed"] for item in kept["by_item"]["results"]] == [False, True, False, True, False]
    plans = [item["vps"][0]["plan_slug"] for item in kept["by_item"]["results"] if not item["failed"]]
    assert plans == ["vps-2", "vps-4", "vps-2"]
    assert not kept["emptied"]["failed"] or "api_key" in kept["emptied"]["msg"]
    assert here.kept["far"]["delegated"]["vps"][0]["label"] == "web-1"
    assert [row["key"] for row in here.requests if row["method"] != "GET"] == [
        row["key"] for row in there.requests if row["method"] != "GET"
    ]


FREE = r"""
- hosts: [one, two, three]
  strategy: free
  gather_facts: false
  tasks:
    - h444.cloud.h444_ptr: {vps_label: "{{ own }}", hostname: "{{ own }}.example.com"}
      register: named
    - h444.cloud.h444_ptr: {vps_label: "{{ own }}", hostname: "{{ own }}.example.com"}
      register: again
"""


def test_hosts_that_run_freely(simulator: Simulator, tmp_path: Path) -> None:
    """What each host registers is its own, in whatever order they come."""
    seed = {"vps": [{"label": f"web-{number}"} for number in (1, 2, 3)]}
    kept = [
        Folder(tmp_path, simulator)
        .play(way, FREE, files=FILES, inventory="hosts.yml", hosts=["one", "two", "three"], seed=seed)
        .kept
        for way in WAYS
    ]
    assert kept[0] == kept[1]
    assert all(kept[0][host]["named"]["changed"] and not kept[0][host]["again"]["changed"] for host in kept[0])


STATE = r"""
- hosts: localhost
  connection: local
  gather_facts: false
  ignore_errors: true
  tasks:
    - h444.cloud.h444_vps: {label: "{{ item }}", plan_slug: vps-1, os_template: debian-12}
      loop: [new-1, new-2, web-1, new-3]
      register: ordered
    - h444.cloud.h444_vps:
        label: "{{ item.label }}"
        plan: "{{ item.plan | default(omit) }}"
        plan_slug: "{{ item.plan_slug | default(omit) }}"
      loop:
        - {label: web-1, plan: vps-4, plan_slug: vps-2}
        - {label: web-2}
        - {label: web-2, plan: vps-4}
        - {label: web-1, plan_slug: vps-2}
      register: warned
    - h444.cloud.h444_vps: {label: web-1, new_label: "{{ item }}"}
      loop: [web-1, first, second]
      register: renamed
    - h444.cloud.h444_vps: {label: "{{ item.from }}", new_label: "{{ item.to }}"}
      loop:
        - {from: web-2, to: web-2}
        - {from: web-2, to: other}
        - {from: other, to: web-2}
        - {from: other, to: other}
      register: written
    - h444.cloud.h444_vps: {label: web-2, state: "{{ item }}"}
      loop: [started, stopped, stopped, started]
      check_mode: true
      register: checked
    - h444.cloud.h444_ptr: {vps_label: web-2, hostname: "{{ item }}"}
      loop: [a.example.com, a.example.com, b.example.com, b.example.com]
      diff: true
      register: named
"""


def test_an_item_keeps_nothing_of_another(simulator: Simulator, tmp_path: Path) -> None:
    """Secrets, warnings, what was written and what was not: each item has its own."""
    here, there = both(simulator, tmp_path, STATE, env={"H444_API_RETRIES": "0"})
    kept = here.kept["localhost"]
    orders = kept["ordered"]["results"]
    passwords = [item.get("root_password") for item in orders]
    assert [bool(password) for password in passwords] == [True, True, False, True] and len(set(passwords)) == 4
    for item in orders:
        assert not [word for word in passwords if word and word != item.get("root_password") and word in str(item)]
    assert len({str(item.get("warnings")) for item in kept["warned"]["results"]}) > 2, kept["warned"]
    assert [item.get("changed") for item in kept["written"]["results"]] == [False, True, True, False]
    assert [item["changed"] for item in kept["checked"]["results"]] == [False, True, True, False]
    assert [item["changed"] for item in kept["named"]["results"]] == [True, False, True, False]
    writes = [[row for row in outcome.requests if row["method"] != "GET"] for outcome in (here, there)]
    assert writes[0] == writes[1] and len(here.requests) < len(there.requests)
    shown = here.whole_output
    assert not [word for word in passwords if word and word in shown]


ATTEMPTS = r"""
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - h444.cloud.h444_vps: {label: "{{ item }}", credentials_file: mine.json, api_url: "URL"}
      loop: [web-1, web-2, web-1]
      until: attempt.vps.hostname == 'now'
      retries: 3
      delay: 0
      register: attempt
"""


def test_each_attempt_of_until_reads_anew(simulator: Simulator, tmp_path: Path) -> None:
    """The account changes from one reading to the next, and `until` sees it."""
    counts: list[int] = []
    for way in WAYS:
        reads = 0

        def third_time(method: str, path: str, body: t.Any) -> t.Any:
            nonlocal reads
            if (method, path) == ("GET", "/vps"):
                reads += 1
                for row in body if isinstance(body, list) else []:
                    row["hostname"] = "now" if reads >= 3 else "before"
            return body

        with rewriting(simulator.origin, third_time) as url:
            outcome = Folder(tmp_path, simulator).play(way, ATTEMPTS.replace("URL", url))
        assert outcome.code == 0, outcome.whole_output
        results = outcome.kept["localhost"]["attempt"]["results"]
        assert [item["attempts"] for item in results] == [3, 1, 1]
        assert {item["vps"]["hostname"] for item in results} == {"now"}
        counts.append(reads)
    assert counts[0] == 3 and counts[1] == 5


SWITCHES = r"""
- hosts: [one, two, three]
  gather_facts: false
  tasks:
    - {name: plain, h444.cloud.h444_vps_info: {label: web-1}, register: plain}
- hosts: one
  gather_facts: false
  tasks:
    - {name: of task, h444.cloud.h444_vps_info: {label: web-1}, vars: {h444_in_process: false}, register: of_task}
    - {name: of environment, h444.cloud.h444_vps_info: {label: web-1}, environment: {H444_IN_PROCESS: "no"}}
    - {name: variable wins, h444.cloud.h444_vps_info: {label: web-1}, vars: {h444_in_process: "{{ 1 == 1 }}"},
       environment: {H444_IN_PROCESS: "no"}}
    - {name: empty, h444.cloud.h444_vps_info: {label: web-1}, vars: {h444_in_process: ""},
       environment: {H444_IN_PROCESS: ""}}
    - {name: background, h444.cloud.h444_vps_info: {label: web-1}, async: 60, poll: 1, register: background}
    - {name: become, h444.cloud.h444_vps_info: {label: web-1}, become: true, become_method: su, ignore_errors: true}
- hosts: one
  gather_facts: false
  vars: {h444_in_process: false}
  tasks:
    - {name: of play, h444.cloud.h444_vps_info: {label: web-1}}
    - name: of item
      h444.cloud.h444_vps_info: {label: web-1}
      vars: {h444_in_process: "{{ item }}"}
      loop: [true, false]
- hosts: far
  gather_facts: false
  tasks:
    - {name: far, h444.cloud.h444_vps_info: {label: web-1}}
    - {name: delegated, h444.cloud.h444_vps_info: {label: web-1}, delegate_to: localhost}
    - {name: by action, local_action: h444.cloud.h444_vps_info label=web-1}
    - {name: wrong, h444.cloud.h444_vps_info: {label: web-1}, delegate_to: localhost, vars: {h444_in_process: perhaps},
       ignore_errors: true}
"""
# Runs the command here instead of on another host, so that the real ssh connection plugin is played.
PROGRAMS = {"ssh": 'for last; do :; done\nexec /bin/sh -c "$last"\n', "su": "exit 1\n"}


def ways_taken(output: str) -> dict[str, str]:
    """Give for each task how it ran on each host, in order: h in the controller's process, m as a module."""
    found: dict[str, str] = {}
    for name, text in re.findall(r"^TASK \[(.*?)\] \*+$(.*?)(?=^TASK|^PLAY|\Z)", output, re.MULTILINE | re.DOTALL):
        lines = [line for line in text.splitlines() if HERE.match(line) or THERE.match(line)]
        found[name] = "".join("h" if HERE.match(line) else "m" for line in lines)
    return found


def test_where_a_task_runs(simulator: Simulator, tmp_path: Path) -> None:
    """Here on a local connection, however it is spelled; as a module elsewhere, with become, async, and where asked."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text("#!/bin/sh\n" + text, encoding="utf-8")
        (programs / name).chmod(0o755)
    files = {**FILES, "hosts.yml": FILES["hosts.yml"].replace("own: web-3", "own: web-3, h444_in_process: false")}
    path = f"{programs}:{environment(tmp_path / 'home', '', '')['PATH']}"
    env = {"PATH": path, "ANSIBLE_SSH_TRANSFER_METHOD": "piped", "ANSIBLE_ASYNC_DIR": str(tmp_path / "jobs")}
    outcome = Folder(tmp_path, simulator).play(
        "in process", SWITCHES, files=files, inventory="hosts.yml", hosts=HOSTS, arguments=["--forks", "1"], env=env
    )
    ways = {name: way for name, way in ways_taken(outcome.whole_output).items() if way}
    assert ways == {
        "plain": "hhm",
        "of task": "m",
        "of environment": "m",
        "variable wins": "h",
        "empty": "h",
        "background": "m",
        "become": "m",
        "of play": "m",
        "of item": "hm",
        "far": "m",
        "delegated": "h",
        "by action": "h",
    }
    assert "h444_in_process must be true or false. Nothing was sent." in outcome.whole_output
    kept = outcome.kept
    assert kept["one"]["plain"]["vps"] == kept["one"]["of_task"]["vps"] == kept["one"]["background"]["vps"] != []
    assert kept["one"]["plain"] == kept["two"]["plain"] == kept["three"]["plain"]


LOUD = r"""
- hosts: localhost
  connection: local
  gather_facts: false
  ignore_errors: true
  tasks:
    - h444.cloud.h444_vps_info: {label: web-1}
      register: well
    - h444.cloud.h444_vps_info: {label: web-1, api_key: h444_not_the_key_0000000000000}
      register: refused
    - h444.cloud.h444_vps_info: {lable: web-1}
      register: misspelled
    - h444.cloud.h444_vps: {label: web-9, plan_slug: vps-1, os_template: debian-12}
      register: ordered
"""


@pytest.mark.parametrize(
    "env",
    [
        {"ANSIBLE_INJECT_INVOCATION": "true", "ANSIBLE_DISPLAY_TRACEBACK": "never"},
        {"ANSIBLE_INJECT_INVOCATION": "false", "ANSIBLE_DISPLAY_TRACEBACK": "error"},
        {"ANSIBLE_DEBUG": "1"},
    ],
    ids=["invocation", "tracebacks", "debug"],
)
def test_what_the_configuration_shows(simulator: Simulator, tmp_path: Path, env: dict[str, str]) -> None:
    """What is registered is the same; a traceback is one in both ways; at -vvvv and with ANSIBLE_DEBUG no secret."""
    loud = ["-vvvv", "--diff"] if "ANSIBLE_DEBUG" in env else []
    outcomes = [Folder(tmp_path, simulator).play(way, LOUD, env=env, arguments=loud) for way in WAYS]
    assert outcomes[0].kept == outcomes[1].kept
    assert outcomes[0].here == outcomes[1].there == 4
    password = outcomes[0].kept["localhost"]["ordered"]["root_password"]
    for outcome in outcomes:
        assert not shown_secrets(outcome.whole_output, [password, simulator.key])


@pytest.mark.parametrize("arguments", [["-a", "label=web-1"], ["-a", "lable=web-1"], ["--check"]], ids=str)
def test_an_ad_hoc_task(simulator: Simulator, tmp_path: Path, arguments: list[str]) -> None:
    """The command `ansible` says the same both ways."""
    said = []
    for way in WAYS.values():
        simulator.reset()
        simulator.seed(vps=[{"label": "web-1"}])
        env = environment(tmp_path / "home", simulator.url, simulator.key, H444_IN_PROCESS=way)
        interpreter = ["-e", "ansible_python_interpreter={{ ansible_playbook_python }}"]
        played = play(
            ["ansible", "localhost", "-m", "h444.cloud.h444_vps_info", *interpreter, *arguments], env, tmp_path
        )
        said.append((played.code, neutral(played.output)))
    assert said[0] == said[1] and "web-1" in said[0][1] or "Unsupported" in said[0][1], said
