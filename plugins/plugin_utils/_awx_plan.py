# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done so that AWX has the objects of the role awx, or no more of them. Pure.

A plan is made of what is wanted and of what AWX has. It contains requests as data, whose IDs are filled in when they
are sent, so that check mode plans the same on an AWX that has nothing yet.
"""

from __future__ import annotations

import typing as t

import yaml

from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_objects as objects
from ansible_collections.h444.cloud.plugins.plugin_utils._awx_objects import Known, Ref, Wanted

Row = t.Mapping[str, t.Any]
"""an object as AWX returns it"""
Key = tuple[str, int]
"""the kind and the ID of an object"""

CREATE, UPDATE, REMOVE = "create", "update", "remove"
ENCRYPTED = "$encrypted$"
NOTHING: tuple[t.Any, ...] = ("", None, False, {})
NODES = "workflow_job_template_nodes"
ORGANIZATION = "organization"
RELATIONS = ("success_nodes", "failure_nodes", "always_nodes")


class Request(t.NamedTuple):
    """A request that writes. The parts of its path and its body can contain references."""

    method: str
    path: tuple[t.Any, ...]
    body: t.Mapping[str, t.Any] = {}
    key: str = ""
    """the key of the object that it makes"""


class Step(t.NamedTuple):
    """What has to be done to one object."""

    action: str
    kind: str
    name: str
    changes: dict[str, dict[str, t.Any]]
    requests: tuple[Request, ...]

    def summary(self) -> dict[str, t.Any]:
        """Return what people are shown."""
        return {"action": self.action, "kind": self.kind, "name": self.name, "changes": self.changes}


class User(t.NamedTuple):
    """An object of AWX that uses another one."""

    kind: str
    id: int
    title: str


class Snapshot(t.NamedTuple):
    """What AWX has."""

    rows: t.Mapping[str, t.Sequence[Row]]
    """by kind, those whose name begins with the prefix"""
    surveys: t.Mapping[Key, Row] = {}
    credentials: t.Mapping[Key, t.Sequence[Row]] = {}
    nodes: t.Mapping[int, t.Sequence[Row]] = {}
    """by the ID of their workflow"""
    users: t.Mapping[Key, t.Sequence[User]] = {}
    """what uses an object"""


class Secret(t.NamedTuple):
    """The API key for the credential."""

    value: str
    is_updated: bool
    """whether it is written also if the credential exists: AWX never returns it, so it can't be compared"""


class Plan(t.NamedTuple):
    """What has to be done, or why nothing can be done."""

    steps: tuple[Step, ...]
    problems: tuple[str, ...]
    ids: dict[str, int]
    """the IDs of the objects that exist, by key"""


# What there is


def match(wanted: Wanted, rows: t.Sequence[Row], ids: t.Mapping[str, int]) -> t.Optional[Row]:
    """Return the object of AWX that is meant, whoever made it; None if there is none. Names are unique in AWX."""
    found = [row for row in rows if row.get("name") == wanted.name and _is_beside(wanted, row, ids)]
    return min(found, key=lambda row: row.get(ORGANIZATION) is None, default=None)


def _is_beside(wanted: Wanted, row: Row, ids: t.Mapping[str, int]) -> bool:
    """Return whether an object of the same name is where the wanted one belongs."""
    fields = wanted.fields
    if wanted.kind == objects.CREDENTIAL_TYPES:
        return row.get("kind") == fields["kind"]
    if wanted.kind == objects.ENVIRONMENTS:
        return True
    if wanted.kind == objects.SOURCES:
        return row.get("inventory") == ids.get("inventory")
    if wanted.kind == objects.TEMPLATES:
        # AWX takes the organization from the project. A template whose project was deleted has none.
        return row.get("organization") in (ids[ORGANIZATION], None)
    if wanted.kind == objects.CREDENTIALS and row.get("credential_type") != ids.get("credential_type"):
        return False
    return ORGANIZATION not in fields or row.get(ORGANIZATION) == fields[ORGANIZATION].id


def find_all(wanted: t.Sequence[Wanted], rows: t.Mapping[str, t.Sequence[Row]]) -> dict[str, Row]:
    """Return the objects of AWX that are meant, by key."""
    found: dict[str, Row] = {}
    ids: dict[str, int] = {}
    for one in wanted:
        if ORGANIZATION in one.fields:
            ids[ORGANIZATION] = one.fields[ORGANIZATION].id
    for one in wanted:
        row = match(one, rows.get(one.kind, ()), ids)
        if row is not None:
            found[one.key] = row
            ids[one.key] = int(row["id"])
    return found


# What has to be done


def plan(wanted: t.Sequence[Wanted], snapshot: Snapshot, prefix: str, secret: Secret) -> Plan:
    """Plan what makes AWX have the objects."""
    found = find_all(wanted, snapshot.rows)
    planner = _Planner(wanted, snapshot, {key: int(row["id"]) for key, row in found.items()}, secret)
    problems = [text for one in wanted for text in _problems(one, found.get(one.key), prefix, secret)]
    if problems:
        return Plan((), tuple(problems), planner.ids)
    steps = [planner.step(one, found.get(one.key)) for one in wanted]
    return Plan(tuple(step for step in steps if step is not None), (), planner.ids)


def _problems(wanted: Wanted, row: t.Optional[Row], prefix: str, secret: Secret) -> t.Iterator[str]:
    title = objects.TITLES[wanted.kind]
    if row is not None and not objects.is_ours(row, prefix):
        yield "There is already a %s '%s' that this role did not make. Rename it, or set another awx_prefix." % (
            title,
            wanted.name,
        )
    elif (
        row is not None
        and wanted.kind == objects.ENVIRONMENTS
        and row.get("organization") != wanted.fields["organization"].id
    ):
        yield "The %s '%s' belongs to another organization. Set another awx_prefix." % (title, wanted.name)
    elif row is not None and row.get("pending_deletion"):
        yield "AWX is still deleting the %s '%s'. Run the role again in a minute." % (title, wanted.name)
    if wanted.kind == objects.CREDENTIALS and not secret.value and (row is None or secret.is_updated):
        yield "awx_api_key is required to %s the credential '%s'." % ("make" if row is None else "update", wanted.name)


class _Planner:
    """Plans one object after the other."""

    def __init__(self, wanted: t.Sequence[Wanted], snapshot: Snapshot, ids: dict[str, int], secret: Secret) -> None:
        self.names = {one.key: one.name for one in wanted}
        self.snapshot = snapshot
        self.ids = ids
        self.secret = secret

    def step(self, wanted: Wanted, row: t.Optional[Row]) -> t.Optional[Step]:
        """Return what has to be done to an object; None if it is as wanted."""
        changes, requests = self._create(wanted) if row is None else self._update(wanted, row)
        for more in (self._survey, self._credential, self._nodes):
            further, needed = more(wanted, row)
            changes.update(further)
            requests += needed
        if not requests:
            return None
        return Step(CREATE if row is None else UPDATE, wanted.kind, wanted.name, changes, tuple(requests))

    # The object itself

    def _create(self, wanted: Wanted) -> tuple[dict[str, t.Any], list[Request]]:
        fields = dict(wanted.fields)
        shown = {name: {"before": None, "after": self._shown(value)} for name, value in fields.items()}
        if wanted.kind == objects.CREDENTIALS:
            fields["inputs"] = {**fields["inputs"], objects.API_KEY: self.secret.value}
            shown["inputs"] = {"before": None, "after": {**wanted.fields["inputs"], objects.API_KEY: ENCRYPTED}}
        shown = {name: change for name, change in shown.items() if name != "name" and change["after"] not in NOTHING}
        return shown, [Request("POST", (wanted.kind,), fields, wanted.key)]

    def _update(self, wanted: Wanted, row: Row) -> tuple[dict[str, t.Any], list[Request]]:
        changes, body = {}, {}
        for name, value in wanted.fields.items():
            if wanted.kind == objects.CREDENTIALS and name == "inputs":
                change, inputs = self._inputs(value, row)
                changes.update(change)
                body.update(inputs)
            elif not self._is_same(name, value, row.get(name)):
                changes[name] = {"before": _name_of(name, row), "after": self._shown(value)}
                body[name] = value
        return changes, [Request("PATCH", (wanted.kind, int(row["id"])), body)] if body else []

    def _inputs(self, wanted: Row, row: Row) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
        """Compare the inputs of the credential. AWX takes $encrypted$ for the key that it has."""
        current = row.get("inputs") or {}
        before = {name: value for name, value in current.items() if name != objects.API_KEY and value not in ("", None)}
        if self.secret.is_updated or not current.get(objects.API_KEY):
            key, shown = self.secret.value, {"before": ENCRYPTED, "after": "%s (written again)" % ENCRYPTED}
        elif before == dict(wanted):
            return {}, {}
        else:
            key, shown = ENCRYPTED, {"before": ENCRYPTED, "after": ENCRYPTED}
        change = {
            "inputs": {
                "before": {**before, objects.API_KEY: shown["before"]},
                "after": {**wanted, objects.API_KEY: shown["after"]},
            }
        }
        return change, {"inputs": {**wanted, objects.API_KEY: key}}

    def _is_same(self, name: str, wanted: t.Any, current: t.Any) -> bool:
        if isinstance(wanted, Ref):
            return wanted.key in self.ids and self.ids[wanted.key] == current
        if isinstance(wanted, Known):
            return wanted.id == current
        if name == "extra_vars":
            return _variables(wanted) == _variables(current)
        return wanted == current or (wanted in ("", None) and current in ("", None))

    def _shown(self, value: t.Any) -> t.Any:
        if isinstance(value, Known):
            return value.name
        return self.names[value.key] if isinstance(value, Ref) else value

    def _target(self, wanted: Wanted, row: t.Optional[Row]) -> t.Any:
        return Ref(wanted.key) if row is None else int(row["id"])

    # What hangs on it

    def _survey(self, wanted: Wanted, row: t.Optional[Row]) -> tuple[dict[str, t.Any], list[Request]]:
        if wanted.survey is None:
            return {}, []
        current = self.snapshot.surveys.get((wanted.kind, int(row["id"])), {}) if row is not None else {}
        if _survey(current) == _survey(wanted.survey):
            return {}, []
        path = (wanted.kind, self._target(wanted, row), "survey_spec")
        change = {"before": _questions(current), "after": _questions(wanted.survey)}
        return {"survey": change}, [Request("POST", path, wanted.survey)]

    def _credential(self, wanted: Wanted, row: t.Optional[Row]) -> tuple[dict[str, t.Any], list[Request]]:
        """Attach the credential. AWX takes only one of its type, and an inventory source only one at all."""
        if wanted.credential is None:
            return {}, []
        current = self.snapshot.credentials.get((wanted.kind, int(row["id"])), ()) if row is not None else ()
        if self.ids.get(wanted.credential.key) in [one["id"] for one in current]:
            return {}, []
        path = (wanted.kind, self._target(wanted, row), "credentials")
        replaced = [
            one
            for one in current
            if wanted.kind == objects.SOURCES or one.get("credential_type") == self.ids.get("credential_type")
        ]
        requests = [Request("POST", path, {"id": one["id"], "disassociate": True}) for one in replaced]
        requests.append(Request("POST", path, {"id": wanted.credential}))
        change = {"before": [one.get("name") for one in replaced], "after": [self.names[wanted.credential.key]]}
        return {"credentials": change}, requests

    # The nodes of a workflow

    def _nodes(self, wanted: Wanted, row: t.Optional[Row]) -> tuple[dict[str, t.Any], list[Request]]:
        current = self.snapshot.nodes.get(int(row["id"]), ()) if row is not None else ()
        mine = {one.identifier: one for one in wanted.nodes}
        there = {str(one["identifier"]): one for one in current if one.get("identifier") in mine}
        self.ids.update({"node %s" % name: int(one["id"]) for name, one in there.items()})
        requests: list[Request] = []
        for node in wanted.nodes:
            requests += self._node(node, there.get(node.identifier), self._target(wanted, row))
        for node in wanted.nodes:
            requests += self._links(node, there, mine)
        if not requests:
            return {}, []
        after = [self._shown_node(one) for one in wanted.nodes]
        return {"nodes": {"before": _shown_nodes(there), "after": after}}, requests

    def _node(self, node: objects.Node, row: t.Optional[Row], workflow: t.Any) -> t.Iterator[Request]:
        key = "node %s" % node.identifier
        target = Ref(key) if row is None else int(row["id"])
        if row is None:
            body = {"workflow_job_template": workflow, "identifier": node.identifier}
            yield Request(
                "POST", (NODES,), {**body, **({"unified_job_template": node.template} if node.template else {})}, key
            )
        elif node.template and not self._is_same("", node.template, row.get("unified_job_template")):
            yield Request("PATCH", (NODES, target), {"unified_job_template": node.template})
        if node.template:
            return
        approval = _approval_of(row)
        if approval is None:
            yield Request("POST", (NODES, target, "create_approval_template"), node.approval)
        elif any(approval.get(name) != value for name, value in node.approval.items()):
            yield Request("PATCH", ("workflow_approval_templates", int(approval["id"])), node.approval)

    def _links(
        self, node: objects.Node, there: t.Mapping[str, Row], mine: t.Mapping[str, objects.Node]
    ) -> t.Iterator[Request]:
        """Link a node to those that follow it. Any other link between our nodes could avoid the approval."""
        row = there.get(node.identifier, {})
        target = int(row["id"]) if row else Ref("node %s" % node.identifier)
        ours = {int(one["id"]): name for name, one in there.items()}
        wanted = {"success_nodes": set(node.then), "failure_nodes": set(), "always_nodes": set()}
        for relation in RELATIONS:
            linked = {ours[other]: other for other in row.get(relation) or () if other in ours}
            for name in linked:
                if name not in wanted[relation]:
                    yield Request("POST", (NODES, target, relation), {"id": linked[name], "disassociate": True})
        for name in mine:
            linked_ids = row.get("success_nodes") or ()
            if name in node.then and not (name in there and int(there[name]["id"]) in linked_ids):
                other = int(there[name]["id"]) if name in there else Ref("node %s" % name)
                yield Request("POST", (NODES, target, "success_nodes"), {"id": other})

    def _shown_node(self, node: objects.Node) -> str:
        what = self.names[node.template.key] if node.template else str(node.approval["name"])
        return _line(what, node.then)


def _line(what: str, then: t.Iterable[str]) -> str:
    following = ", ".join(then)
    return "%s, then %s" % (what, following) if following else what


def _shown_nodes(there: t.Mapping[str, Row]) -> list[str]:
    names = {int(row["id"]): name for name, row in there.items()}
    lines = []
    for row in there.values():
        template = (row.get("summary_fields") or {}).get("unified_job_template") or {}
        then = [names[other] for relation in RELATIONS for other in row.get(relation) or () if other in names]
        lines.append(_line(str(template.get("name") or "nothing"), then))
    return lines


def _approval_of(row: t.Optional[Row]) -> t.Optional[Row]:
    """Return the approval of a node; None if it has none."""
    template = ((row or {}).get("summary_fields") or {}).get("unified_job_template") or {}
    return template if template.get("unified_job_type") == "workflow_approval" else None


def _name_of(name: str, row: Row) -> t.Any:
    """Return a field as people are shown it: the name of what it refers to."""
    return ((row.get("summary_fields") or {}).get(name) or {}).get("name") or row.get(name)


def _variables(text: t.Any) -> t.Any:
    """Return variables, however AWX keeps them: as JSON or as YAML."""
    if not isinstance(text, str):
        return text or {}
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError:
        return text


def _survey(spec: Row) -> Row:
    """Return a survey in one form: AWX takes choices as lines or as a list, and returns what it was sent."""
    found = {name: spec.get(name) or "" for name in ("name", "description")}
    return {**found, "spec": [_question(question) for question in spec.get("spec") or ()]}


def _question(question: Row) -> dict[str, t.Any]:
    return {name: _lines(value) if name == "choices" else value for name, value in question.items()}


def _lines(value: t.Any) -> list[str]:
    lines = value.splitlines() if isinstance(value, str) else value or []
    return [str(line) for line in lines if str(line).strip()]


def _questions(spec: Row) -> list[str]:
    return [
        "%s: %s (%s%s)"
        % (
            question.get("variable"),
            question.get("question_name"),
            question.get("type"),
            ", required" if question.get("required") else "",
        )
        for question in _survey(spec)["spec"]
    ]


# How everything is removed


def removable(rows: t.Mapping[str, t.Sequence[Row]], prefix: str, organization: int) -> list[tuple[str, Row]]:
    """Return the kind and the row of everything that the role made with this prefix, in the order of the removal."""
    inventories = {row["id"] for row in rows.get(objects.INVENTORIES, ()) if row.get("organization") == organization}

    def is_here(kind: str, row: Row) -> bool:
        if kind == objects.SOURCES:
            return row.get("inventory") in inventories
        # A credential type belongs to no organization, and neither does a template whose project was deleted.
        return row.get("organization") in (None, organization)

    return [
        (kind, row)
        for kind in reversed(objects.KINDS)
        for row in rows.get(kind, ())
        if objects.is_ours(row, prefix) and is_here(kind, row) and not row.get("pending_deletion")
    ]


def plan_removal(snapshot: Snapshot, prefix: str, organization: int) -> Plan:
    """Plan the removal of everything that the role made with this prefix, and of nothing else."""
    found = removable(snapshot.rows, prefix, organization)
    ours = {(kind, row["id"]) for kind, row in found}
    steps, problems = [], []
    for kind, row in found:
        others = [user for user in snapshot.users.get((kind, row["id"]), ()) if (user.kind, user.id) not in ours]
        if not others:
            steps.append(Step(REMOVE, kind, str(row["name"]), {}, (Request("DELETE", (kind, int(row["id"]))),)))
        elif kind != objects.CREDENTIAL_TYPES:
            # A type is shared: it stays for the credentials of other organizations.
            problems.append(
                "The %s '%s' is used by what this role did not make: %s. Change or remove that first."
                % (objects.TITLES[kind], row["name"], ", ".join(sorted({user.title for user in others})))
            )
    return Plan(() if problems else tuple(steps), tuple(problems), {})
