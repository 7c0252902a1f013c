# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``compose``, ``groups`` and ``keyed_groups`` with ansible-core's results, without evaluating them for every host.

A plain inventory plugin lets core compile and evaluate the same few expressions for each host, which takes nearly all
of its time. Here, an expression that is understood (``_expressions``) is, from the fastest way to the slowest:

- looked up, if it is nothing but the path of a plain value;
- evaluated by core once per distinct input;
- if there are many distinct inputs, evaluated by core for all of them in one template.

Everything else is evaluated the plain way, by core's own methods, host by host. A differential test compares both ways.
"""

# pylint: disable=unidiomatic-typecheck  # core treats subclasses of str, int and dict differently

from __future__ import annotations

import json
import secrets
import typing as t

from ansible import constants as C
from ansible.plugins.loader import filter_loader, test_loader
from ansible.utils.unsafe_proxy import AnsibleUnsafeText

from ._expressions import Expression, Missing, Path, follow, understand
from ._trust import HAS_TRUST, bare, is_expression, is_plain, settled, trusted

FEW = 12
"""Up to this many distinct inputs are evaluated one by one."""
GIVE_UP = 8
"""After this many failed halves, the rest of a batch is evaluated one by one."""


class _Word:
    """A named constant."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


FAILED = _Word("FAILED")
"""Core raises an error for this input."""
UNKNOWN = _Word("UNKNOWN")
"""Not evaluated yet, or to be evaluated the plain way."""
ABSENT = Missing(0)

MAGIC = frozenset({"inventory_hostname", "inventory_hostname_short"})
TEXTS = frozenset({str, AnsibleUnsafeText})
"""The types of plain strings that core before 2.19 returns unchanged."""
SCALARS = (str, int, float, bool, type(None))


class Subject:
    """The variables of one host for expressions. Groups see the composed variables, too, as in core."""

    __slots__ = ("composed", "host", "variables")

    def __init__(self, variables: dict[str, t.Any], host: t.Any = None) -> None:
        self.variables = variables
        self.host = host
        self.composed: dict[str, t.Any] | None = None

    def get(self, name: str) -> t.Any:
        """Return one variable, ABSENT if it does not exist."""
        if self.host is not None and name in MAGIC:
            return self.host.name if name == "inventory_hostname" else self.host.get_magic_vars()[name]
        if self.composed is not None and name in self.composed:
            return self.composed[name]
        return self.variables.get(name, ABSENT)

    def all(self) -> dict[str, t.Any]:
        """Return every variable, for an evaluation by core."""
        return self.variables if self.host is None else self.host.get_vars()


class Scribe:
    """A proxy of the inventory for core's methods: applies their changes to the current host, and notes the groups.

    Core finds the target of a variable or a membership by name, groups first, so it would confuse a host with a group
    of the same name. This class uses the host object.
    """

    def __init__(self, inventory: t.Any) -> None:
        self._inventory = inventory
        self.host: t.Any = None
        self.child_is_host = False
        self.joined: list[t.Any] = []

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._inventory, name)

    def get_host(self, _name: str) -> t.Any:
        """Return the current host."""
        return self.host

    def add_host(self, host: str, group: str | None = None, port: t.Any = None) -> str:
        """Add the current host to a group."""
        if group:
            self._join(self._inventory.groups[group])
        return host

    def add_child(self, group: str, child: str) -> bool:
        """Add the current host, or a group, to a group."""
        if not self.child_is_host:
            return self._inventory.add_child(group, child)
        return self._join(self._inventory.groups[group])

    def set_variable(self, _entity: str, varname: str, value: t.Any) -> None:
        """Set a variable of the current host."""
        self.host.set_variable(varname, settled(value))

    def _join(self, group: t.Any) -> bool:
        self.joined.append(group)
        return group.add_host(self.host)


class Evaluator:
    """Evaluates the expressions of one configuration through core's documented interface for inventory plugins."""

    def __init__(self, plugin: t.Any, fast: bool = True) -> None:
        self.plugin = plugin
        self.scribe = Scribe(plugin.inventory)
        # An extension may change the language itself.
        self.fast = fast and not getattr(C, "DEFAULT_JINJA2_EXTENSIONS", None)
        self.native = not HAS_TRUST and getattr(C, "DEFAULT_JINJA2_NATIVE", False)
        # If undefined variables are tolerated, a template with one is its own result.
        self.batches = not self.native and (HAS_TRUST or bool(getattr(C, "DEFAULT_UNDEFINED_VAR_BEHAVIOR", True)))
        extra = getattr(plugin, "_vars", None) or {}
        self.extra: dict[str, t.Any] = extra if plugin.get_option("use_extra_vars") else {}

    def understood(self, text: t.Any, sees_extra: bool) -> Expression | None:
        """Return the expression if it can be evaluated in a fast way."""
        if not self.fast or not is_expression(text):
            return None
        expression = understand("".join(text))
        if expression is None or not all(_is_cores(kind, name) for kind, name in expression.plugins):
            return None
        if sees_extra and any(
            not _is_simple(self.extra[path[0]]) for path in expression.reads if path[0] in self.extra
        ):
            return None
        return expression

    def value(self, text: t.Any, subject: Subject) -> t.Any:
        """Evaluate an expression the plain way. Raises the errors of core."""
        return self.plugin._compose(text, subject.all())

    def text(self, template: t.Any, subject: Subject) -> t.Any:
        """Evaluate a template. Raises the errors of core."""
        self.plugin.templar.available_variables = subject.all()
        return self.plugin.templar.template(template)

    def holds(self, condition: t.Any, subject: Subject) -> bool:
        """Evaluate a condition the plain way. Raises the errors of core."""
        keep, self.plugin.inventory = self.plugin.inventory, _Ear()
        try:
            self.plugin._add_host_to_composed_groups(
                {"h444": condition}, subject.all(), "", strict=True, fetch_hostvars=False
            )
            return self.plugin.inventory.heard
        finally:
            self.plugin.inventory = keep

    def render(self, source: str, variables: dict[str, t.Any]) -> str:
        """Render our own template."""
        self.plugin.templar.available_variables = variables
        return self.plugin.templar.template(trusted(source))


class _Ear:
    """A substitute for an inventory that records the result of one condition."""

    heard = False

    def add_group(self, group: str) -> str:
        """Accept any group."""
        return group

    def add_child(self, _group: str, _child: str) -> bool:
        """Record that the condition is true."""
        self.heard = True
        return True


def _is_cores(kind: str, name: str) -> bool:
    """Return whether a filter or test is that of core or Jinja, and not a replacement."""
    if not name.isidentifier():
        return True
    plugin = (filter_loader if kind == "filter" else test_loader).get(name)
    return plugin is None or str(getattr(plugin, "ansible_name", "")).startswith("ansible.builtin.")


def _is_simple(value: t.Any) -> bool:
    """Return whether a value is the same in a template as in Python: no string in it can be a template."""
    if isinstance(value, str):
        return bool(is_plain(value))
    if type(value) is dict:
        return all(_is_simple(key) and _is_simple(item) for key, item in value.items())
    if type(value) is list:
        return all(_is_simple(item) for item in value)
    return isinstance(value, SCALARS)


def _is_handed_on(text: str) -> bool:
    """Return whether core treats a string only as a string."""
    return bool(is_plain(text)) and (HAS_TRUST or type(text) in TEXTS)


class Slot:
    """One expression or condition of the configuration, and its known results."""

    def __init__(self, evaluator: Evaluator, text: t.Any, *, condition: bool = False, evaluate: t.Any = None) -> None:
        self.text = text
        self.condition = condition
        self._evaluate = evaluate or (evaluator.holds if condition else evaluator.value)
        self._evaluator = evaluator
        self._extra = {} if condition else evaluator.extra
        self.expression = evaluator.understood(text, not condition)
        if condition and self.expression is not None and self.expression.is_choice:
            # Before 2.19, core turns it into "{% if a if b else c %}", which is a syntax error.
            self.expression = None
        self._answers: dict[t.Hashable, t.Any] = {}
        self._path = self._looked_up()
        self._joined = self.expression.joined if self.expression and not condition and not evaluator.native else None

    def _looked_up(self) -> Path | None:
        """Return the path if core would only look up a value."""
        if self.expression is None or self.expression.path is None or self.condition or self._evaluator.native:
            return None
        # Before 2.19, a result is converted to text and back unless it is a single name.
        return self.expression.path if HAS_TRUST or len(self.expression.path) == 1 else None

    def answer(self, subject: Subject) -> t.Any:
        """Return core's result for one host, FAILED if core raises an error."""
        found = self._direct(subject)
        if found is not UNKNOWN:
            return found
        key = self.key(subject)
        known = UNKNOWN if key is None else self._answers.get(key, UNKNOWN)
        if known is UNKNOWN:
            known = self._plain(subject)
            if key is not None:
                self._answers[key] = known
        return known

    def evaluate(self, subject: Subject) -> t.Any:
        """Evaluate it the plain way. Raises the errors of core."""
        return self._evaluate(self.text, subject)

    def _plain(self, subject: Subject) -> t.Any:
        try:
            return self.evaluate(subject)
        except Exception:  # core's methods tolerate every error in the same way
            return FAILED

    def _get(self, subject: Subject, name: str) -> t.Any:
        return self._extra[name] if name in self._extra else subject.get(name)

    def _direct(self, subject: Subject) -> t.Any:
        """Return the result of the simplest expressions, UNKNOWN for all others."""
        if self._path is not None:
            return self._lookup(subject, self._path)
        return UNKNOWN if self._joined is None else self._join(subject)

    def _join(self, subject: Subject) -> t.Any:
        """Join plain strings, and nothing else, because only core decides how other values look as text."""
        texts: list[str] = []
        for part in self._joined or ():
            found = part if isinstance(part, str) else self._text_at(subject, part)
            if found is None:
                return UNKNOWN
            texts.append(found)
        text = "".join(texts)
        # Before 2.19, text that looks like a literal becomes one.
        return UNKNOWN if not HAS_TRUST and (text in ("True", "False") or text.startswith(("{", "["))) else text

    def _text_at(self, subject: Subject, path: Path) -> str | None:
        value, _found = self._follow(subject, path)
        return value if isinstance(value, str) and _is_handed_on(value) else None

    def _follow(self, subject: Subject, path: Path) -> tuple[t.Any, bool]:
        """Return the value at a path, and whether the whole path exists."""
        value = self._get(subject, path[0])
        return (value, True) if len(path) == 1 else follow(value, path)

    def _lookup(self, subject: Subject, path: Path) -> t.Any:
        """Return a value that core would return unchanged, else UNKNOWN."""
        value, found = self._follow(subject, path)
        if not found:
            return UNKNOWN
        if isinstance(value, str):
            is_literal = not HAS_TRUST and value in ("True", "False")
            return value if _is_handed_on(value) and not is_literal else UNKNOWN
        return value if isinstance(value, SCALARS if HAS_TRUST else (bool, int)) else UNKNOWN

    def key(self, subject: Subject) -> t.Hashable | None:
        """Return the values on which the result depends, None if they are not known."""
        if self.expression is None:
            return None
        parts: list[t.Hashable] = []
        try:
            for path in self.expression.reads:
                value = self._get(subject, path[0])
                if len(path) > 1 and value is not ABSENT:
                    value, _found = follow(value, path)
                kind = type(value)
                if kind is float:
                    # -0.0 equals 0.0 and prints differently.
                    parts.append((kind, repr(value)))
                elif isinstance(value, SCALARS):
                    # True equals 1, and 1 equals 1.0.
                    parts.append((kind, value))
                else:
                    parts.append((kind, json.dumps(value)))
        except (TypeError, ValueError, RecursionError):
            return None
        return tuple(parts)

    def prepare(self, subjects: t.Sequence[Subject]) -> None:
        """Find the results for many hosts at once, if they have many distinct inputs."""
        if self.expression is None or not self._fits_a_batch(self.expression):
            return
        wanted = self._unanswered(subjects)
        if len(wanted) <= FEW:
            return
        names = list(dict.fromkeys(path[0] for path in self.expression.reads))
        inputs = {key: [self._get(subject, name) for name in names] for key, subject in wanted.items()}
        simple = {key: row for key, row in inputs.items() if all(map(_may_be_in_a_batch, row))}
        answers = Batch(self._evaluator, self, names).answers(list(simple.values()))
        self._answers.update((key, answer) for key, answer in zip(simple, answers) if answer is not UNKNOWN)

    def _fits_a_batch(self, expression: Expression) -> bool:
        if not expression.reads or not self._evaluator.batches:
            return False
        # Before 2.19, only a single name is not converted to text and back.
        return HAS_TRUST or expression.path is None or len(expression.path) > 1

    def _unanswered(self, subjects: t.Iterable[Subject]) -> dict[t.Hashable, Subject]:
        """Return the distinct inputs without a known result, each with a host that has it."""
        wanted: dict[t.Hashable, Subject] = {}
        for subject in subjects:
            if self._direct(subject) is UNKNOWN:
                key = self.key(subject)
                if key is not None and key not in self._answers:
                    wanted.setdefault(key, subject)
        return wanted


def _may_be_in_a_batch(value: t.Any) -> bool:
    return value is not ABSENT and _is_simple(value)


class Batch:
    """One template that evaluates an expression for many inputs.

    The template returns text. Before core 2.19, the result of an expression is converted to text anyway; since 2.19,
    each piece shows whether it was a string. Anything but a string, a boolean or a whole number is left UNKNOWN.
    """

    def __init__(self, evaluator: Evaluator, slot: Slot, names: t.Sequence[str]) -> None:
        self._render = evaluator.render
        self._condition = slot.condition
        self._kind = slot.expression.kind if slot.expression else None
        self._text = "".join(slot.text)
        self._names = names
        self._failures = 0

    def answers(self, rows: list[list[t.Any]]) -> list[t.Any]:
        """Return the results in the order of the rows."""
        if not rows:
            return []
        for guarded in (False, True):
            try:
                return self._attempt(rows, guarded)
            except Exception:  # a row has an error: it is found by halving, and core itself raises it later
                continue
        self._failures += 1
        if len(rows) <= FEW or self._failures > GIVE_UP:
            return [UNKNOWN] * len(rows)
        middle = len(rows) // 2
        return self.answers(rows[:middle]) + self.answers(rows[middle:])

    def _attempt(self, rows: list[list[t.Any]], guarded: bool) -> list[t.Any]:
        # The separator is random for every template, so no value can contain it.
        mark = "|%s|" % secrets.token_hex(12)
        piece = "S{{ h444__it }}"
        if HAS_TRUST and self._kind is None:
            piece = "S{{ (h444__it ~ '') == h444__it }}{{ h444__it }}"
        if self._condition and not HAS_TRUST:
            piece = "S{{ 'True' if h444__it else 'False' }}"
        if guarded:
            piece = "{%% if h444__it is defined %%}%s{%% else %%}U{%% endif %%}" % piece
        source = "h444{%% for %s in h444__rows %%}{%% set h444__it = (%s) %%}%s%s{%% endfor %%}" % (
            ", ".join(self._names),
            self._text,
            piece,
            mark,
        )
        given = [row[0] for row in rows] if len(self._names) == 1 else rows
        out = bare(self._render(source, {"h444__rows": given}))
        pieces = out[len("h444") :].split(mark)
        if len(pieces) != len(rows) + 1:
            return [UNKNOWN] * len(rows)
        return [self._read(piece) for piece in pieces[:-1]]

    def _read(self, piece: str) -> t.Any:
        """Read a result; UNKNOWN if its text does not show the value."""
        if piece == "U":
            return FAILED
        text = piece[1:]
        if not HAS_TRUST:
            found = UNKNOWN if text.startswith(("{", "[")) else _truth(text, text)
        elif self._kind is not None:
            found = text == "True" if self._kind is bool else text
        else:
            found = text[len("True") :] if text.startswith("True") else _literal(text[len("False") :])
        return UNKNOWN if self._condition and not isinstance(found, bool) else found


def _truth(text: str, otherwise: t.Any) -> t.Any:
    return text == "True" if text in ("True", "False") else otherwise


def _literal(text: str) -> t.Any:
    """Read a boolean or a whole number; UNKNOWN for anything else."""
    is_number = text.isascii() and text.removeprefix("-").isdecimal()
    return int(text) if is_number else _truth(text, UNKNOWN)


class KeyedGroup:
    """One entry of ``keyed_groups``."""

    def __init__(self, evaluator: Evaluator, entry: t.Any, leading_separator: t.Any) -> None:
        self.entry = entry
        self.slot: Slot | None = None
        self._joined: dict[t.Hashable, tuple[t.Any, ...]] = {}
        if not isinstance(entry, dict):
            return
        self._prefix = entry.get("prefix", "")
        self._separator = entry.get("separator", "_")
        if self._prefix == "" and leading_separator is False:
            self._separator = ""
        self._parent = parent = entry.get("parent_group")
        if parent is None or (is_expression(parent) and parent and is_plain(parent)):
            # Any other parent is a template, so hosts with the same key may have different parents.
            self.slot = Slot(evaluator, entry.get("key"))
        contradiction = entry.get("default_value") is not None and entry.get("trailing_separator") is not None
        self._simple = not contradiction and isinstance(self._prefix, str) and isinstance(self._separator, str)

    def add(self, construction: Construction, subject: Subject) -> None:
        """Add a host to its groups."""
        slot = self.slot
        if slot is None or slot.expression is None:
            construction.add_keyed_plainly(self.entry, subject)
            return
        value = slot.answer(subject)
        is_one_group = self._simple and isinstance(value, str) and value != ""
        key = value if is_one_group else slot.key(subject)
        joined = None if key is None else self._joined.get(key)
        if joined is not None:
            for group in joined:
                group.add_host(subject.host)
            return
        if is_one_group:
            joined = (self._group(construction, value, subject.host),)
        else:
            joined = construction.add_keyed_plainly(self.entry, subject)
        if key is not None:
            self._joined[key] = joined

    def _group(self, construction: Construction, value: str, host: t.Any) -> t.Any:
        """Create the group of one key, add its first host, then create its parent, in core's order."""
        plugin, inventory = construction.plugin, construction.inventory
        name = inventory.add_group(plugin._sanitize_group_name("%s%s%s" % (self._prefix, self._separator, value)))
        inventory.groups[name].add_host(host)
        if self._parent:
            parent = plugin._sanitize_group_name(self._parent)
            inventory.add_group(parent)
            inventory.add_child(parent, name)
        return inventory.groups[name]


class Construction:
    """Applies ``compose``, ``groups`` and ``keyed_groups`` to hosts that are in the inventory."""

    def __init__(self, plugin: t.Any, evaluator: Evaluator) -> None:
        self.plugin = plugin
        self.inventory = plugin.inventory
        self._scribe = evaluator.scribe
        self._strict = plugin.get_option("strict")
        compose = plugin.get_option("compose")
        groups = plugin.get_option("groups")
        keyed = plugin.get_option("keyed_groups")
        self._composed = [(name, Slot(evaluator, text)) for name, text in (compose or {}).items()]
        self._conditions = [(name, Slot(evaluator, text, condition=True)) for name, text in (groups or {}).items()]
        leading = plugin.get_option("leading_separator")
        self._keyed = [KeyedGroup(evaluator, entry, leading) for entry in keyed or []]
        self._group_of: dict[str, t.Any] = {}

    def run(self, subjects: t.Sequence[Subject]) -> None:
        """Construct all hosts. Raises core's own error for the first host that has one, if ``strict`` is set."""
        if not (self._composed or self._conditions or self._keyed):
            return
        composed = self._compose(subjects)
        for slot in [slot for _name, slot in self._conditions] + [entry.slot for entry in self._keyed if entry.slot]:
            slot.prepare(composed)
        self.plugin.inventory = self._scribe
        try:
            for subject in composed:
                self._one(subject)
            if len(composed) < len(subjects):
                self._raise_for(subjects[len(composed)])
        finally:
            self.plugin.inventory = self.inventory

    def _compose(self, subjects: t.Sequence[Subject]) -> t.Sequence[Subject]:
        """Find the composed variables; return the hosts before the first one whose error must be raised."""
        for _name, slot in self._composed:
            slot.prepare(subjects)
        for place, subject in enumerate(subjects):
            answers = {name: slot.answer(subject) for name, slot in self._composed}
            if self._strict and FAILED in answers.values():
                return subjects[:place]
            subject.composed = {name: settled(value) for name, value in answers.items() if value is not FAILED}
        return subjects

    def _one(self, subject: Subject) -> None:
        host = subject.host
        for name, value in (subject.composed or {}).items():
            host.set_variable(name, value)
        for name, slot in self._conditions:
            answer = slot.answer(subject)
            if answer is True:
                self._condition_group(name).add_host(host)
            elif answer is FAILED and self._strict:
                self._condition_plainly(name, slot, subject)
        for entry in self._keyed:
            entry.add(self, subject)

    def _condition_group(self, name: str) -> t.Any:
        group = self._group_of.get(name)
        if group is None:
            made = self.inventory.add_group(self.plugin._sanitize_group_name(name))
            group = self._group_of[name] = self.inventory.groups[made]
        return group

    def _condition_plainly(self, name: str, slot: Slot, subject: Subject) -> None:
        """Let core itself raise its error."""
        self._scribe.host, self._scribe.child_is_host = subject.host, True
        self.plugin._add_host_to_composed_groups({name: slot.text}, {}, subject.host.name, self._strict)

    def _raise_for(self, subject: Subject) -> None:
        self._scribe.host = subject.host
        variables = subject.host.get_vars()
        for name, slot in self._composed:
            self.plugin._set_composite_vars({name: slot.text}, variables, subject.host.name, self._strict)

    def add_keyed_plainly(self, entry: t.Any, subject: Subject) -> tuple[t.Any, ...]:
        """Let core add a host to the groups of one entry, and return these groups."""
        self._scribe.host, self._scribe.child_is_host = subject.host, False
        self._scribe.joined = []
        self.plugin._add_host_to_keyed_groups([entry], {}, subject.host.name, self._strict)
        return tuple(self._scribe.joined)
