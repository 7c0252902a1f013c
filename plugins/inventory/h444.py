# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: h444
short_description: Read the servers of a 444Host account as hosts
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Reads the servers of an account as hosts. This takes two requests, regardless of the number of servers.
  - The configuration file is a YAML file whose name ends in C(h444.yml) or C(h444.yaml).
  - Each host gets the variables C(h444_id), C(h444_label), C(h444_hostname), C(h444_status), C(h444_plan_slug),
    C(h444_ipv4), C(h444_ipv6), C(h444_ips) (all addresses with their PTR records) and C(h444_ptr) (the PTR record of
    the primary address). It also gets a variable for every other field that the API returns.
  - Strings from the API are data. The plugin never templates them, and it builds the names of hosts and groups from
    safe characters only.
requirements:
  - requests
options:
  plugin:
    description: Marks the file as a configuration of this plugin.
    type: str
    required: true
    choices: [h444.cloud.h444]
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
  - h444.cloud._inventory
  - h444.cloud._inventory.hosts
  - h444.cloud._inventory.constructed
"""

EXAMPLES = r"""
# Minimal configuration in h444.yml, with the key in the environment variable H444_API_KEY
plugin: h444.cloud.h444
---
# Groups by role, environment, status, plan and network
plugin: h444.cloud.h444
label_pattern: '^(?P<role>[a-z]+)-(?P<env>prod|stage)-'
ip_groups:
  office:
    - 10.20.0.0/16
    - 2001:db8:20::/48
keyed_groups:
  - key: h444_status
    prefix: status
  - key: h444_plan_slug
    prefix: plan
statuses: [running]
---
# A key from a file, hosts named after their PTR records, and connections by name
plugin: h444.cloud.h444
api_key: "{{ lookup('ansible.builtin.file', '~/.h444-key') | trim }}"
hostnames: [ptr, label]
connect_with: ptr
compose:
  ansible_user: "'root' if h444_label is match('legacy-') else 'ansible'"
groups:
  mail: h444_ptr is not none and h444_ptr.startswith('mail')
filters:
  - include: h444_label == 'lab-keep'
  - exclude: h444_label is match('lab-')
---
# Cache responses for an hour
plugin: h444.cloud.h444
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: /tmp/h444-inventory
cache_timeout: 3600
"""

import functools
import re
import typing as t
import weakref

from ansible import constants as C
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.ansible_release import __version__ as core_version
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.h444.cloud.plugins.module_utils._access import is_on_this_machine
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply, H444Error, mistake_text
from ansible_collections.h444.cloud.plugins.module_utils._names import one_line, quoted
from ansible_collections.h444.cloud.plugins.module_utils._reader import bad, kind_of
from ansible_collections.h444.cloud.plugins.plugin_utils import _cache, _hosts, _naming, _options
from ansible_collections.h444.cloud.plugins.plugin_utils._constructed import (
    FAILED,
    Construction,
    Evaluator,
    Slot,
    Subject,
)
from ansible_collections.h444.cloud.plugins.plugin_utils._masking import mask
from ansible_collections.h444.cloud.plugins.plugin_utils._trust import Marker

NAMES_PLUGIN = re.compile(r"^plugin:[ \t]{0,20}[\"']?h444\.cloud\.h444[\"']?[ \t\r]{0,20}(#|$)", re.MULTILINE)
MOST_READ = 20000
FILE_ENDS = ("h444.yml", "h444.yaml")
API_OPTIONS = ("api_timeout", "api_retries", "rate_limit", "validate_certs", "ca_path")
MOST_WARNINGS = 10
HOMES: t.MutableMapping[t.Any, dict[str, str]] = weakref.WeakKeyDictionary()
"""For each inventory: the name of each host of ours, and the URL of its API. An ID is unique within one API."""


def _names_plugin(path: str) -> bool:
    """Return whether a file is a configuration of this plugin by its content."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return bool(NAMES_PLUGIN.search(file.read(MOST_READ)))
    except OSError:
        return False


def _odd_address(owner: str | None, error: BadReply) -> str:
    where = "of the server %s" % quoted(owner) if owner else "of an unknown server"
    return "An address %s is left out: %s" % (where, error)


def _row_of(raw: t.Any, place: int) -> dict[str, t.Any]:
    """Read a server of the list. Raises BadReply."""
    from ansible_collections.h444.cloud.plugins.module_utils import _vps

    if not isinstance(raw, dict):
        raise bad(_vps.LIST, "entry %d of its list of vps is %s" % (place, kind_of(raw)))
    return _vps.read_vps(raw)


def _salvaged(raw: t.Any, place: int, error: Exception) -> tuple[dict[str, t.Any] | None, str]:
    """Return the readable fields of a server that the reader refuses, and a warning."""
    why = error if isinstance(error, BadReply) else mistake_text(error)
    if not isinstance(raw, dict):
        return None, "An entry of the list of servers is left out: %s" % why
    row = _hosts.salvaged(raw, place)
    return row, "The server %s is listed with incomplete data: %s" % (quoted(row["id"]), why)


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The inventory plugin: options, cache and order of work; the rest is in ``plugin_utils``."""

    NAME = "h444.cloud.h444"

    def verify_file(self, path: str) -> bool:
        """Return whether a file is a configuration of this plugin. Warn of a misnamed one."""
        if not super().verify_file(path):
            return False
        if path.endswith(FILE_ENDS):
            return True
        text = "not read by %s, because its name does not end in %s." % (self.NAME, " or ".join(FILE_ENDS))
        if not path.endswith((".yml", ".yaml")):
            self.display.vvv("%s: %s" % (path, text))
        elif _names_plugin(path):
            self._path = path
            self._warn("It is " + text + " Rename the file.")
            self._fault()
        else:
            self.display.v("%s: %s" % (path, text))
        return False

    def set_options(self, task_keys: t.Any = None, var_options: t.Any = None, direct: t.Any = None) -> None:
        """Set the options, with the structured ones from the environment and without its empty variables."""
        direct = dict(direct or {})
        with _options.without_empty_environment():
            _options.check_types(direct, self.option_definitions)
            direct.update(_options.structured_from_environment(self.loader, direct))
            super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Add the servers of an account to the inventory."""
        super().parse(inventory, loader, path, cache)
        self._path = path
        try:
            config = self._read_config_data(path)
            for warning in _options.unknown_options(config, self.get_options()):
                self._warn(warning)
            _options.check_shapes(self.get_options())
            settings = _hosts.make_settings({**self.get_options(), "group_names": self._named_groups()})
            evaluator = Evaluator(self)
            replies = self._replies(path, cache)
            settings = settings._replace(is_local=is_on_this_machine(self._home))
            servers = self._read(replies, settings)
            subjects = self._fill(self._named(evaluator, servers, settings), settings)
            Construction(self, evaluator).run(subjects)
        except H444Error as error:
            raise self._failed(str(error)) from None
        except AnsibleError as error:
            # Core's own messages don't always name the file.
            if path in str(error):
                self._fault()
                raise
            raise self._failed(str(error)) from None
        except Exception as error:  # no error may look like an account without servers
            raise self._failed(mistake_text(error)) from None

    def _failed(self, text: str) -> AnsibleParserError:
        self._fault()
        return AnsibleParserError("%s: %s" % (self._path, text))

    def _fault(self) -> None:
        """Make core fail if no other source can be read: a failure must not look like an empty inventory.

        Core catches every exception of a plugin, warns, and continues. Only its own setting for unreadable sources
        leads to an exit code. If another source was read, core's rules stay unchanged.
        """
        C.INVENTORY_UNPARSED_IS_FAILED = True
        if not C.INVENTORY_ANY_UNPARSED_IS_FAILED:
            self._warn(
                "No host of this source is in the inventory. If another source can be read, ansible-core continues "
                "without them. To make that an error, too, set ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=true."
            )

    def _warn(self, text: str) -> None:
        self.display.warning("%s: %s" % (self._path, text))

    def _detail(self, text: str) -> None:
        self.display.v("%s: %s" % (self._path, text))

    def _named_groups(self) -> list[str]:
        """Return the known names of groups, which no host may have."""
        own = [self._sanitize_group_name(name) for name in self.get_option("groups")]
        parents = [entry.get("parent_group") for entry in self.get_option("keyed_groups") if isinstance(entry, dict)]
        return [*own, *(parent for parent in parents if isinstance(parent, str)), *self.inventory.groups]

    # The replies

    def _replies(self, path: str, use_cache: bool) -> _cache.Replies:
        """Return the replies of the API, from the cache or by two requests."""
        api_url = _options.render(self.templar, self._vars, "api_url", self.get_option("api_url")) or ""
        self._home = api_url.strip().rstrip("/")
        problem: H444Error | None = None
        api_key = None
        try:
            api_key = _options.render(self.templar, self._vars, "api_key", self.get_option("api_key"))
            mask([api_key])
        except H444Error as error:
            problem = error
        caching = self.get_option("cache")
        base = self.get_cache_key(path)
        if caching and use_cache:
            cached = self._from_cache(base, api_url, api_key)
            if cached is not None:
                return cached
        if problem is not None:
            raise problem
        replies = self._fetch(api_url, api_key)
        if caching:
            account = _cache.account_hash(api_url, api_key or "")
            entry = _cache.pack(account, replies)
            if entry is None:
                self._warn("The replies of the API have an unexpected form, so they are not stored in the cache.")
            else:
                self._cache[_cache.entry_name(base, account)] = entry
                self._cache[_cache.pointer_name(base, api_url)] = {"h444_cache": _cache.FORMAT, "account": account}
        return replies

    def _from_cache(self, base: str, api_url: str, api_key: str | None) -> _cache.Replies | None:
        """Return the cached replies for this configuration, URL and key; without a key, for the one used last."""
        if api_key:
            account: t.Any = _cache.account_hash(api_url, api_key)
        else:
            pointer = self._cached(_cache.pointer_name(base, api_url))
            account = pointer.get("account") if isinstance(pointer, dict) else None
            if not isinstance(account, str):
                return None
        name = _cache.entry_name(base, "".join(account))
        entry = self._cached(name)
        if entry is _cache.NOTHING:
            return None
        replies = _cache.unpack(entry, account)
        if replies is None:
            self._warn(
                "The cache entry %s is damaged or belongs to a different inventory, so the API is asked again." % name
            )
        else:
            self.display.vvv("%s: read from the cache, no request is sent." % self._path)
        return replies

    def _cached(self, name: str) -> t.Any:
        try:
            return self._cache[name]
        except KeyError:
            # For core, a foreign file is a missing entry. This only decides whether to warn.
            contains = getattr(getattr(self._cache, "_plugin", None), "contains", None)
            if contains is not None and contains(name):
                self._warn("The cache entry %s does not belong to an inventory, so the API is asked again." % name)
            return _cache.NOTHING
        except Exception as error:  # each cache plugin raises different errors
            self._warn("The cache can't be read, so the API is asked again: %s" % one_line(str(error), 200))
            return _cache.NOTHING

    def _fetch(self, api_url: str, api_key: str | None) -> _cache.Replies:
        """Read the replies from the API: two requests for any number of servers."""
        # Imported here, because an inventory from the cache needs neither requests nor the time to load it.
        from ansible_collections.h444.cloud.plugins.module_utils import _addresses, _client, _transport, _vps

        if _transport.REQUESTS_IMPORT_ERROR is not None:
            raise AnsibleParserError("%s: %s" % (self._path, missing_required_lib("requests")))
        options = {name: self.get_option(name) for name in API_OPTIONS}
        client = _client.open_client({**options, "api_url": api_url, "api_key": api_key}, "inventory", core_version)
        try:
            return _cache.Replies(
                client.rows(_vps.LIST, _vps.NOUNS, objects_only=False), _addresses.fetch_all_ips(client)
            )
        finally:
            client.close()
            if client.held_seconds > _client.TOLD_SECONDS:
                say = self._warn if client.held_seconds > _client.WARNED_SECONDS else self._detail
                say(_client.held_up_text(client.held_seconds))

    # The hosts

    def _read(self, replies: _cache.Replies, settings: _hosts.Settings) -> list[_hosts.Server]:
        """Make servers with their variables. This empties the replies, because those of a large account are large."""
        from ansible_collections.h444.cloud.plugins.module_utils import _addresses

        strict = self.get_option("strict")
        vps, all_ips = replies
        del replies
        odd: list[str] = []
        try:
            ip_rows = _addresses.read_all_ips(
                all_ips, None if strict else lambda owner, error: odd.append(_odd_address(owner, error))
            )
        except BadReply as error:
            if strict or settings.ip_groups:
                raise
            ip_rows = []
            self._warn("The addresses of the servers can't be read, so PTR records are missing: %s" % error)
        del all_ips
        self._warn_of(odd, "addresses that can't be read")
        servers, stray = _hosts.make_servers(self._rows(vps, strict), ip_rows, settings, Marker())
        if stray:
            self._detail("%d addresses belong to no listed server." % stray)
        return servers

    def _named(
        self, evaluator: Evaluator, servers: list[_hosts.Server], settings: _hosts.Settings
    ) -> list[_hosts.Server]:
        """Give the servers names and groups, and leave out the filtered ones."""
        subjects = [Subject(server.variables) for server in servers]
        answers = {
            source: self._name_answers(evaluator, source, subjects)
            for source in settings.hostnames
            if source not in _naming.NAME_FIELDS
        }
        _naming.choose_bases(servers, settings, answers)
        _naming.add_groups(servers, settings)
        notes: list[_naming.Note] = []
        _naming.name_servers(servers, settings, self._is_taken, notes)
        kept = self._filtered(evaluator, _hosts.in_statuses(servers, settings))
        self._say(notes, kept)
        kept.sort(key=lambda server: _naming.natural(server.name))
        for server in kept:
            # Only the variables are needed from here on; the rows would stay in memory until the end.
            server.row, server.addresses = {}, []
        return kept

    def _rows(self, raws: list[t.Any], strict: bool) -> list[dict[str, t.Any]]:
        """Read the servers and empty the list. One that can't be read keeps its ID and label, unless ``strict``."""
        from ansible_collections.h444.cloud.plugins.module_utils import _vps

        rows: dict[str, dict[str, t.Any]] = {}
        odd: list[str] = []
        twice: dict[str, None] = {}
        if raws and not any(isinstance(raw, dict) for raw in raws):
            raise bad(_vps.LIST, "its list of vps contains %s" % kind_of(raws[0]))
        raws.reverse()
        place = 0
        while raws:
            raw = raws.pop()
            place += 1
            try:
                row: dict[str, t.Any] | None = _row_of(raw, place)
            except Exception as error:  # one invalid server must not affect the others
                if strict:
                    raise
                row, text = _salvaged(raw, len(rows), error)
                odd.append(text)
            if row is not None and row["id"] in rows:
                twice[row["id"]] = None
            elif row is not None:
                rows[row["id"]] = row
        self._warn_of(
            [*odd, *("The server %s is in the list twice; the first entry is used." % quoted(one) for one in twice)],
            "servers with invalid data",
        )
        return list(rows.values())

    def _warn_of(self, texts: t.Sequence[str], what: str) -> None:
        """Issue the first few as warnings, and show the others at ``-v``."""
        for text in texts[:MOST_WARNINGS]:
            self._warn(text)
        if len(texts) > MOST_WARNINGS:
            self._warn("... and %d more %s (-v shows them)." % (len(texts) - MOST_WARNINGS, what))
            for text in texts[MOST_WARNINGS:]:
                self._detail(text)

    def _name_answers(self, evaluator: Evaluator, source: str, subjects: t.Sequence[Subject]) -> list[t.Any]:
        """Evaluate an expression, or a template, of ``hostnames`` for every server."""
        evaluate = evaluator.text if "{{" in source or "{%" in source else evaluator.value
        slot = Slot(evaluator, source, evaluate=evaluate)
        slot.prepare(subjects)
        answers = [slot.answer(subject) for subject in subjects]
        if self.get_option("strict") and FAILED in answers:
            self._fail("hostnames", source, lambda: slot.evaluate(subjects[answers.index(FAILED)]))
        return answers

    def _fail(self, option: str, text: t.Any, again: t.Callable[[], t.Any]) -> None:
        """Raise core's error for an expression, with the name of its option."""
        try:
            again()
        except Exception as error:
            raise AnsibleParserError("%s: %s: %s failed: %s" % (self._path, option, quoted(text), error)) from None

    def _is_taken(self, name: str, server_id: str) -> bool:
        """Return whether a name already belongs to a different server, for example of another account."""
        host = self.inventory.hosts.get(name)
        known = None if host is None else _hosts.id_among(host.vars)
        home = HOMES.get(self.inventory, {}).get(name, self._home)
        return known is not None and (known != server_id or home != self._home)

    def _filtered(self, evaluator: Evaluator, servers: list[_hosts.Server]) -> list[_hosts.Server]:
        """Leave out the servers that ``filters`` exclude."""
        filters = self.get_option("filters")
        if not filters:
            return servers
        subjects = [Subject({**server.variables, "inventory_hostname": server.name}) for server in servers]
        decisions = []
        for entry in filters:
            ((keep, condition),) = entry.items()
            slot = Slot(evaluator, condition, condition=True)
            slot.prepare(subjects)
            decisions.append((keep == "include", slot))
        failed: dict[int, int] = {}
        kept = [server for server, subject in zip(servers, subjects) if self._stays(subject, decisions, failed)]
        for place, count in failed.items():
            self._warn(
                "filters: %s failed for %d servers, and is ignored for them."
                % (quoted(decisions[place][1].text), count)
            )
        return kept

    def _stays(self, subject: Subject, decisions: t.Iterable[tuple[bool, Slot]], failed: dict[int, int]) -> bool:
        """Evaluate the conditions one by one: the first true one decides. *failed* counts the errors of each."""
        for place, (keep, slot) in enumerate(decisions):
            answer = slot.answer(subject)
            if answer is True:
                return keep
            if answer is FAILED:
                if self.get_option("strict"):
                    self._fail("filters", slot.text, functools.partial(slot.evaluate, subject))
                failed[place] = failed.get(place, 0) + 1
        return True

    def _say(self, notes: t.Sequence[_naming.Note], kept: t.Sequence[_hosts.Server]) -> None:
        """Warn about unexpected names of hosts that are in the inventory."""
        ids = {id(server) for server in kept}
        texts = [note.text for note in notes if any(id(server) in ids for server in note.servers)]
        self._warn_of(texts, "unexpected names")

    def _fill(self, servers: t.Sequence[_hosts.Server], settings: _hosts.Settings) -> list[Subject]:
        """Put the hosts into the inventory."""
        inventory = self.inventory
        groups: dict[str, t.Any] = {}
        subjects = []
        homes = HOMES.setdefault(inventory, {})
        for server in servers:
            homes[server.name] = self._home
            new = server.name not in inventory.hosts
            inventory.add_host(server.name)
            host = inventory.hosts[server.name]
            if new:
                host.vars.update(server.variables)
            else:
                for name, value in server.variables.items():
                    host.set_variable(name, value)
            for name in (settings.group, *dict.fromkeys(server.groups)):
                group = groups.get(name)
                if group is None:
                    group = groups[name] = inventory.groups[inventory.add_group(name)]
                group.add_host(host)
            if server.namesake is not None:
                groups[server.groups[-1]].add_host(inventory.hosts[server.namesake])
            subjects.append(Subject(host.vars, host))
        if not servers:
            inventory.add_group(settings.group)
        return subjects
