# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what AWX has, carries out a plan, and waits for the project."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_objects as objects
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_plan as planning
from ansible_collections.h444.cloud.plugins.plugin_utils._awx_api import AwxError
from ansible_collections.h444.cloud.plugins.plugin_utils._awx_objects import Known, Ref, Wanted
from ansible_collections.h444.cloud.plugins.plugin_utils._awx_plan import Key, Request, Row, Snapshot, Step, User

WORKING = frozenset({"new", "pending", "waiting", "running", "updating"})
SUCCESSFUL = "successful"
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0

ORGANIZATIONS = "organizations"
TITLES = {**objects.TITLES, ORGANIZATIONS: "organization"}
# Where else an object can be used: the kind, and its field. A node uses whatever it runs.
USES: dict[str, tuple[tuple[str, str], ...]] = {
    objects.WORKFLOWS: ((planning.NODES, "unified_job_template"),),
    objects.TEMPLATES: ((planning.NODES, "unified_job_template"),),
    objects.SOURCES: ((planning.NODES, "unified_job_template"),),
    objects.INVENTORIES: (
        (objects.TEMPLATES, "inventory"),
        (objects.WORKFLOWS, "inventory"),
        (objects.SOURCES, "inventory"),
    ),
    objects.PROJECTS: (
        (objects.TEMPLATES, "project"),
        (objects.SOURCES, "source_project"),
        (planning.NODES, "unified_job_template"),
    ),
    objects.ENVIRONMENTS: (
        (objects.TEMPLATES, "execution_environment"),
        (objects.SOURCES, "execution_environment"),
        (objects.PROJECTS, "default_environment"),
        (ORGANIZATIONS, "default_environment"),
    ),
    objects.CREDENTIALS: ((objects.TEMPLATES, "credentials"), (objects.SOURCES, "credentials")),
    objects.CREDENTIAL_TYPES: ((objects.CREDENTIALS, "credential_type"),),
}


class Api(t.Protocol):
    """What is needed of the client."""

    def list(self, path: t.Iterable[t.Any], **filters: t.Any) -> list[dict[str, t.Any]]:
        """Return all rows of a list."""

    def get(self, *path: t.Any) -> t.Any:
        """Return one object."""

    def write(self, method: str, path: t.Iterable[t.Any], body: t.Any) -> t.Any:
        """Send a request that writes."""


# Reading


def find_one(api: Api, kind: str, title: str, name: str, option: str) -> Known:
    """Return the object of a name. Raises: AwxError unless there is exactly one."""
    rows = [row for row in api.list((kind,), name=name) if row.get("name") == name]
    if len(rows) != 1:
        found = "no" if not rows else "more than one"
        raise AwxError("%s: there is %s %s '%s' in AWX that this user can read." % (option, found, title, name))
    return Known(int(rows[0]["id"]), name)


def read_rows(api: Api, prefix: str) -> dict[str, list[dict[str, t.Any]]]:
    """Read everything whose name begins with the prefix."""
    return {kind: api.list((kind,), name__startswith=prefix, order_by="id") for kind in objects.KINDS}


def read(api: Api, prefix: str, wanted: t.Sequence[Wanted]) -> Snapshot:
    """Read what is compared with what is wanted."""
    rows = read_rows(api, prefix)
    found = planning.find_all(wanted, rows)
    surveys: dict[Key, Row] = {}
    credentials: dict[Key, t.Sequence[Row]] = {}
    nodes: dict[int, t.Sequence[Row]] = {}
    for one in wanted:
        if one.key not in found:
            continue
        number = int(found[one.key]["id"])
        if one.survey is not None:
            spec = api.get(one.kind, number, "survey_spec")
            surveys[one.kind, number] = spec if isinstance(spec, dict) else {}
        if one.credential is not None:
            credentials[one.kind, number] = api.list((one.kind, number, "credentials"))
        if one.nodes:
            nodes[number] = api.list((planning.NODES,), workflow_job_template=number)
    return Snapshot(rows, surveys, credentials, nodes)


def read_for_removal(api: Api, prefix: str, organization: int) -> Snapshot:
    """Read what is removed, and what uses it."""
    rows = read_rows(api, prefix)
    users: dict[Key, list[User]] = {}
    for kind, row in planning.removable(rows, prefix, organization):
        for user, field in USES[kind]:
            for one in api.list((user,), **{field: row["id"]}):
                users.setdefault((kind, row["id"]), []).append(_user(user, one))
    return Snapshot(rows, users=users)


def _user(kind: str, row: Row) -> User:
    """Return what uses an object. A node stands for its workflow."""
    if kind != planning.NODES:
        return User(kind, int(row["id"]), "%s '%s'" % (TITLES[kind], row.get("name")))
    workflow = (row.get("summary_fields") or {}).get("workflow_job_template") or {}
    name = workflow.get("name") or row.get("workflow_job_template")
    return User(objects.WORKFLOWS, int(row.get("workflow_job_template") or 0), "workflow job template '%s'" % name)


# Carrying out


class Runner:
    """Carries out the steps of a plan."""

    def __init__(self, api: Api, ids: t.Mapping[str, int], playbooks: t.Iterable[str], timeout: float) -> None:
        self.api = api
        self.ids = dict(ids)
        self.done: list[Step] = []
        self.has_written = False
        """whether a request may have changed something"""
        self._playbooks = sorted(set(playbooks))
        self._timeout = timeout
        self._is_ready = False

    def run(self, steps: t.Iterable[Step]) -> None:
        """Carry out steps. Raises: AwxError; ``done`` then has those that were carried out."""
        for step in steps:
            if step.kind == objects.TEMPLATES and step.action != planning.REMOVE:
                self._prepare_project()
            for request in step.requests:
                self._send(request)
            self.done.append(step)
        if any(step.kind == objects.PROJECTS and step.action != planning.REMOVE for step in self.done):
            self._prepare_project()

    def _send(self, request: Request) -> None:
        try:
            answer = self.api.write(request.method, self._filled(request.path), self._filled(request.body) or None)
        except AwxError as error:
            self.has_written = self.has_written or not error.is_refusal
            raise
        self.has_written = True
        if request.key:
            if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
                raise AwxError("AWX answered %s %s/ without an ID." % (request.method, request.path[0]))
            self.ids[request.key] = answer["id"]

    def _filled(self, value: t.Any) -> t.Any:
        """Return a value with IDs in the place of references."""
        if isinstance(value, Ref):
            return self.ids[value.key]
        if isinstance(value, Known):
            return value.id
        if isinstance(value, dict):
            return {name: self._filled(inner) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._filled(inner) for inner in value]
        return value

    # The project: AWX takes a job template only if the project has its playbook, and it gets it in the background

    def _prepare_project(self) -> None:
        """Wait until the project has all playbooks; update it where it lacks some. Raises: AwxError."""
        if self._is_ready:
            return
        number = self.ids["project"]
        is_current = self._wait(number) == SUCCESSFUL
        if not is_current or self._missing(number):
            self.api.write("POST", (objects.PROJECTS, number, "update"), {})
            self._require_success(number)
        missing = self._missing(number)
        if missing:
            raise AwxError(
                "The project has no playbook %s. Add these files to its repository, and run the role again."
                % ", ".join(missing)
            )
        self._is_ready = True

    def _missing(self, number: int) -> list[str]:
        there = self.api.get(objects.PROJECTS, number, "playbooks")
        return [name for name in self._playbooks if name not in (there if isinstance(there, list) else [])]

    def _require_success(self, number: int) -> None:
        status = self._wait(number)
        if status != SUCCESSFUL:
            raise AwxError(
                "AWX could not update the project: its status is '%s'. The output of its latest update has the reason, "
                "for example a wrong awx_project_url, or a credential that is missing." % status
            )

    def _wait(self, number: int) -> str:
        """Wait until no update of the project is running, and return its status. Raises: AwxError."""
        deadline, pause = time.monotonic() + self._timeout, FIRST_PAUSE
        while True:
            row = self.api.get(objects.PROJECTS, number)
            status = str(row.get("status")) if isinstance(row, dict) else ""
            if status not in WORKING:
                return status
            if time.monotonic() >= deadline:
                raise AwxError(
                    "The update of the project did not end within awx_project_timeout (%d s); its status is '%s'. Run "
                    "the role again." % (self._timeout, status)
                )
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
