# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of AWX 24.6 that the role awx uses: their fields, and what AWX checks when they are written."""

from __future__ import annotations

import copy
import typing as t

from . import rules

Row = dict[str, t.Any]

ENCRYPTED = rules.ENCRYPTED
ORGANIZATIONS, PROJECTS, NODES = "organizations", "projects", "workflow_job_template_nodes"
APPROVALS, TEMPLATES, WORKFLOWS = "workflow_approval_templates", "job_templates", "workflow_job_templates"
RELATIONS = ("success_nodes", "failure_nodes", "always_nodes")
BASE: dict[str, t.Any] = {"name": "", "description": ""}
# What can be written, with the defaults. A field of the kind "…" refers to an object of that kind.
FIELDS: dict[str, dict[str, t.Any]] = {
    ORGANIZATIONS: {**BASE, "default_environment": None},
    "credential_types": {**BASE, "kind": "cloud", "inputs": {}, "injectors": {}},
    "credentials": {**BASE, "organization": None, "credential_type": None, "inputs": {}},
    "execution_environments": {**BASE, "organization": None, "image": "", "credential": None, "pull": ""},
    PROJECTS: {
        **BASE, "organization": None, "scm_type": "", "scm_url": "", "scm_branch": "", "scm_refspec": "",
        "scm_clean": False, "scm_track_submodules": False, "scm_delete_on_update": False, "credential": None,
        "timeout": 0, "scm_update_on_launch": False, "scm_update_cache_timeout": 0, "allow_override": False,
        "default_environment": None,
    },
    "inventories": {**BASE, "organization": None, "kind": "", "host_filter": None, "variables": ""},
    "inventory_sources": {
        **BASE, "inventory": None, "source": "", "source_path": "", "source_vars": "", "source_project": None,
        "enabled_var": "", "enabled_value": "", "host_filter": "", "overwrite": False, "overwrite_vars": False,
        "timeout": 0, "verbosity": 1, "limit": "", "update_on_launch": False, "update_cache_timeout": 0,
        "execution_environment": None,
    },
    TEMPLATES: {
        **BASE, "job_type": "run", "inventory": None, "project": None, "playbook": "", "forks": 0, "limit": "",
        "verbosity": 0, "extra_vars": "", "job_tags": "", "skip_tags": "", "timeout": 0,
        "execution_environment": None, "survey_enabled": False, "diff_mode": False, "allow_simultaneous": False,
        "ask_job_type_on_launch": False, "ask_variables_on_launch": False, "ask_inventory_on_launch": False,
    },
    WORKFLOWS: {
        **BASE, "organization": None, "extra_vars": "", "survey_enabled": False, "allow_simultaneous": False,
        "ask_variables_on_launch": False, "inventory": None, "limit": None,
    },
    NODES: {
        "workflow_job_template": None, "unified_job_template": None, "identifier": "",
        "all_parents_must_converge": False, "extra_data": {}, "job_type": None,
    },
    APPROVALS: {**BASE, "timeout": 0},
}  # fmt: skip
REFERENCES = {
    "organization": (ORGANIZATIONS,),
    "credential_type": ("credential_types",),
    "credential": ("credentials",),
    "inventory": ("inventories",),
    "project": (PROJECTS,),
    "source_project": (PROJECTS,),
    "execution_environment": ("execution_environments",),
    "default_environment": ("execution_environments",),
    "workflow_job_template": (WORKFLOWS,),
    "unified_job_template": (TEMPLATES, PROJECTS, "inventory_sources", WORKFLOWS, APPROVALS),
}
REQUIRED = {
    "credential_types": ("name", "kind"),
    "credentials": ("name", "credential_type"),
    "execution_environments": ("name", "image"),
    PROJECTS: ("name",),
    "inventories": ("name", "organization"),
    "inventory_sources": ("name", "inventory"),
    TEMPLATES: ("name", "project"),
    WORKFLOWS: ("name",),
    NODES: ("workflow_job_template",),
    APPROVALS: ("name",),
}
UNIQUE = {
    "credential_types": ("name", "kind"),
    "credentials": ("organization", "name", "credential_type"),
    "execution_environments": ("name",),
    PROJECTS: ("name", "organization"),
    "inventories": ("name", "organization"),
    "inventory_sources": ("name", "inventory"),
    TEMPLATES: ("name", "organization"),
    WORKFLOWS: ("name", "organization"),
    NODES: ("identifier", "workflow_job_template"),
}
CHOICES = {
    "job_type": ("run", "check", None),
    "scm_type": ("", "git", "svn", "insights", "archive"),
    "source": ("scm", "ec2", "gce", "vmware", "openstack"),
}
TYPES = {
    "credential_types": "credential_type",
    "credentials": "credential",
    "inventories": "inventory",
    PROJECTS: "project",
    "execution_environments": "execution_environment",
    ORGANIZATIONS: "organization",
}
TRIGGERS = ("scm_url", "scm_branch", "scm_type", "scm_refspec", "credential")


class Refused(Exception):
    """An answer of AWX that is an error."""

    def __init__(self, status: int, body: t.Any) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


class Model:
    """All objects of one AWX. Extra state of a row is in keys that begin with "_"."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, Row]] = {kind: {} for kind in FIELDS}
        self.repositories: dict[str, list[str]] = {}
        """the playbooks of each repository that can be reached"""
        self.busy: set[int] = set()
        """the IDs of objects that running jobs use"""
        self._last = 100
        self.add(ORGANIZATIONS, name="Default")

    # Plain access, for tests too

    def add(self, table: str, /, **fields: t.Any) -> Row:
        """Make an object without any check."""
        self._last += 1
        row = {**copy.deepcopy(FIELDS[table]), **fields, "id": self._last}
        self.rows[table][row["id"]] = row
        return row

    def find(self, kind: str, name: str) -> Row:
        """Give the object of a name."""
        return next(row for row in self.rows[kind].values() if row.get("name") == name)

    def get(self, kind: str, number: int) -> Row:
        """Give an object. Raises: Refused."""
        if number not in self.rows[kind]:
            raise Refused(404, {"detail": "Not found."})
        return self.rows[kind][number]

    def any(self, kinds: t.Iterable[str], number: t.Any) -> Row | None:
        """Give the object of an ID, of one of these kinds."""
        return next((self.rows[kind][number] for kind in kinds if number in self.rows[kind]), None)

    # Writing

    def create(self, kind: str, body: t.Any) -> Row:
        """Make an object as POST does. Raises: Refused."""
        values = {**copy.deepcopy(FIELDS[kind]), **self._checked(kind, body)}
        lacking = {name: ["This field is required."] for name in REQUIRED[kind] if values[name] in ("", None)}
        if lacking:
            raise Refused(400, lacking)
        if kind == NODES and not values["identifier"]:
            values["identifier"] = f"node-{self._last}"
        if kind == "credentials" and values["organization"] is None:
            raise Refused(400, {"detail": "Missing 'user', 'team', or 'organization'."})
        self._check_row(kind, values, None)
        row = self.add(kind, **values)
        if kind == TEMPLATES:
            row["organization"] = self.rows[PROJECTS][row["project"]]["organization"]
        if kind == NODES:
            row.update({relation: [] for relation in RELATIONS})
        if kind == PROJECTS and row["scm_type"]:
            self.sync(row)
        return row

    def change(self, kind: str, row: Row, body: t.Any) -> None:
        """Change an object as PATCH does. Raises: Refused."""
        values = self._checked(kind, body)
        fixed = {"inventory_sources": "inventory", NODES: "workflow_job_template"}.get(kind)
        if fixed:
            values.pop(fixed, None)
        if kind == "credentials" and "inputs" in values:
            kept = {name: row["inputs"].get(name) for name, value in values["inputs"].items() if value == ENCRYPTED}
            values["inputs"] = {**values["inputs"], **kept}
        merged = {**row, **values}
        self._check_row(kind, merged, row)
        is_moved = kind == PROJECTS and any(merged[name] != row[name] for name in TRIGGERS)
        row.update(values)
        if is_moved:
            self.sync(row)

    def _checked(self, kind: str, body: t.Any) -> Row:
        """Check each field by itself. AWX ignores a field that it doesn't know; here, it is a mistake of the client."""
        if not isinstance(body, dict):
            raise Refused(400, {"detail": "JSON parse error - not a JSON object"})
        problems = {}
        for name, value in body.items():
            problem = self._field_problem(kind, name, value)
            if problem:
                problems[name] = [problem]
        if problems:
            raise Refused(400, problems)
        return copy.deepcopy(body)

    def _field_problem(self, kind: str, name: str, value: t.Any) -> str:
        default = FIELDS[kind].get(name, ...)
        if default is ...:
            return "The stand-in has no such field."
        if name in REFERENCES:
            is_known = value is None or (isinstance(value, int) and self.any(REFERENCES[name], value))
            return "" if is_known else f'Invalid pk "{value}" - object does not exist.'
        if name in CHOICES and value not in CHOICES[name]:
            return f'"{value}" is not a valid choice.'
        if isinstance(default, bool) and not isinstance(value, bool):
            return "Must be a valid boolean."
        if isinstance(default, str) and not isinstance(value, str):
            return "Not a valid string."
        if name in ("name", "identifier") and not value:
            return "This field may not be blank."
        return "Ensure this field has no more than 512 characters." if name == "name" and len(value) > 512 else ""

    def _check_row(self, kind: str, values: Row, row: Row | None) -> None:
        if kind == TEMPLATES and values["project"] is not None:
            values["organization"] = self.rows[PROJECTS][values["project"]]["organization"]
        names = UNIQUE.get(kind, ())
        for other in self.rows[kind].values():
            if names and other is not row and all(other.get(name) == values.get(name) for name in names):
                text = f"{kind} with this ({', '.join(sorted(names))}) combination already exists."
                raise Refused(400, {"__all__": [text]})
        check = getattr(self, f"_check_{kind}", None)
        if check:
            check(values, row)

    def _check_credential_types(self, values: Row, row: Row | None) -> None:
        is_used = row is not None and any(
            one["credential_type"] == row["id"] for one in self.rows["credentials"].values()
        )
        if row is not None and is_used and values["inputs"] != row["inputs"]:
            raise Refused(
                403, {"detail": "Modifications to inputs are not allowed for credential types that are in use"}
            )
        if values["kind"] not in ("cloud", "net"):
            raise Refused(400, {"kind": [f"Must be 'cloud' or 'net', not {values['kind']}"]})
        problem = rules.inputs_problem(values["inputs"])
        if problem:
            raise Refused(400, {"inputs": [problem]})
        for field in values["inputs"].get("fields", ()):
            field.setdefault("type", "string")
        problem = rules.injectors_problem(values["injectors"], values["inputs"])
        if problem:
            raise Refused(400, {"injectors": [problem]})

    def _check_credentials(self, values: Row, row: Row | None) -> None:
        kind = self.rows["credential_types"][values["credential_type"]]
        problem = rules.credential_problem(values["inputs"], kind["inputs"], row is None)
        if problem:
            raise Refused(400, {"inputs": [problem]})

    def _check_execution_environments(self, values: Row, row: Row | None) -> None:
        if row is not None and values["organization"] not in (None, row["organization"]):
            raise Refused(400, {"organization": ["Cannot change the organization of an execution environment"]})

    def _check_projects(self, values: Row, _row: Row | None) -> None:
        if values["scm_type"] == "" and values["scm_update_on_launch"]:
            raise Refused(400, {"scm_update_on_launch": ["Update options must be set to false for manual projects."]})

    def _check_inventory_sources(self, values: Row, _row: Row | None) -> None:
        if values["source"] != "scm":
            raise Refused(400, {"detail": "Cannot set source_path if not SCM type."})
        if values["source_project"] is None:
            raise Refused(400, {"source_project": ["Project required for scm type sources."]})
        if not self.rows[PROJECTS][values["source_project"]]["scm_type"]:
            raise Refused(400, {"source_project": ["Cannot use manual project for SCM-based inventory."]})

    def _check_job_templates(self, values: Row, _row: Row | None) -> None:
        if values["inventory"] is None and not values["ask_inventory_on_launch"]:
            raise Refused(400, {"inventory": ["You must either set a default value or ask to prompt on launch."]})
        project = self.rows[PROJECTS].get(values["project"])
        if project is None:
            raise Refused(400, {"project": ["Job Templates must have a project assigned."]})
        if not values["playbook"]:
            raise Refused(400, {"playbook": ["Must select playbook for project."]})
        if not project["allow_override"] and values["playbook"] not in project.get("_playbooks", ()):
            raise Refused(400, {"playbook": ["Playbook not found for project."]})

    # Projects

    def sync(self, row: Row) -> None:
        """Start an update, which goes on whenever somebody looks at the project."""
        row["_statuses"] = ["pending", "running"]

    def look(self, row: Row) -> str:
        """Give the status of a project."""
        if row.get("_statuses"):
            row["_status"] = row["_statuses"].pop(0)
        elif row.get("_status") == "running":
            found = self.repositories.get(row["scm_url"])
            row["_status"] = "failed" if found is None else "successful"
            row["_playbooks"] = list(found or row.get("_playbooks", ()))
        return row.get("_status", "never updated")

    # Removing

    def remove(self, kind: str, row: Row) -> int:
        """Remove an object as DELETE does, and give the status of the answer. Raises: Refused."""
        number = row["id"]
        if number in self.busy:
            jobs = [{"type": "job", "id": 1}]
            raise Refused(409, {"error": "Resource is being used by running jobs.", "active_jobs": jobs})
        if kind == "credential_types":
            if any(one["credential_type"] == number for one in self.rows["credentials"].values()):
                raise Refused(403, {"detail": "Credential types that are in use cannot be deleted"})
        if kind == "inventories":
            if row.get("_deleted"):
                raise Refused(400, {"error": "Inventory is already pending deletion."})
            row["_deleted"] = True
            self._forget(number, ("inventory",), (TEMPLATES,))
            return 202
        self._drop(kind, number)
        return 204

    def _drop(self, kind: str, number: int) -> None:
        row = self.rows[kind].pop(number)
        if kind == NODES and row["unified_job_template"] in self.rows[APPROVALS]:
            del self.rows[APPROVALS][row["unified_job_template"]]
        self._forget(number, tuple(REFERENCES), tuple(self.rows))
        for rows in self.rows.values():
            for other in rows.values():
                other["_credentials"] = [one for one in other.get("_credentials", ()) if one != number]
                for relation in RELATIONS:
                    if relation in other:
                        other[relation] = [one for one in other[relation] if one != number]
        if kind == WORKFLOWS:
            for node in [one for one in self.rows[NODES].values() if one["workflow_job_template"] is None]:
                self._drop(NODES, node["id"])
        if kind == "inventories":
            for source in [one for one in self.rows["inventory_sources"].values() if one["inventory"] is None]:
                self._drop("inventory_sources", source["id"])

    def _forget(self, number: int, fields: t.Iterable[str], kinds: t.Iterable[str]) -> None:
        for kind in kinds:
            for row in self.rows[kind].values():
                for field in fields:
                    if row.get(field) == number:
                        row[field] = None

    def finish_deletions(self) -> None:
        """Remove what AWX removes in the background."""
        for row in [one for one in self.rows["inventories"].values() if one.get("_deleted")]:
            self._drop("inventories", row["id"])

    # What hangs on an object

    def attach_credential(self, kind: str, row: Row, body: t.Any) -> None:
        """Attach or detach a credential. Raises: Refused."""
        number = body.get("id") if isinstance(body, dict) else None
        if not isinstance(number, int):
            raise Refused(400, {"msg": '"id" field must be an integer.'})
        credential = self.rows["credentials"].get(number)
        if credential is None:
            raise Refused(400, {"detail": "Credential matching query does not exist."})
        attached = row.setdefault("_credentials", [])
        if body.get("disassociate"):
            row["_credentials"] = [one for one in attached if one != number]
            return
        if kind == "inventory_sources" and attached:
            raise Refused(400, {"msg": "Source already has credential assigned."})
        types = [self.rows["credentials"][one]["credential_type"] for one in attached]
        if credential["credential_type"] in types:
            raise Refused(400, {"error": "Cannot assign multiple credentials of this type."})
        attached.append(number)

    def set_survey(self, row: Row, spec: t.Any) -> None:
        """Set the survey of a template. Raises: Refused."""
        problem = rules.survey_problem(spec)
        if problem:
            raise Refused(400, {"error": problem})
        row["_survey"] = rules.as_kept(spec)

    def approve(self, node: Row, body: t.Any) -> Row:
        """Make the approval of a node. Raises: Refused."""
        approval = self.create(APPROVALS, body)
        node["unified_job_template"] = approval["id"]
        return approval

    def link(self, node: Row, relation: str, body: t.Any) -> None:
        """Link a node to another one, or remove the link. Raises: Refused."""
        number = body.get("id") if isinstance(body, dict) else None
        other = self.rows[NODES].get(number) if isinstance(number, int) else None
        if other is None:
            raise Refused(400, {"detail": "WorkflowJobTemplateNode matching query does not exist."})
        if body.get("disassociate"):
            node[relation] = [one for one in node[relation] if one != number]
            return
        if any(number in node[name] for name in RELATIONS if name != relation):
            raise Refused(400, {"Error": "Relationship not allowed."})
        if self._leads_to(other, node["id"]):
            raise Refused(400, {"Error": "Cycle detected."})
        if number not in node[relation]:
            node[relation].append(number)

    def _leads_to(self, node: Row, number: int) -> bool:
        following = [one for relation in RELATIONS for one in node[relation]]
        return node["id"] == number or any(self._leads_to(self.rows[NODES][one], number) for one in following)

    # Reading

    def shown(self, kind: str, row: Row, door: str) -> Row:
        """Give an object as AWX returns it."""
        found = {name: value for name, value in row.items() if not name.startswith("_")}
        found.update(type=TYPES.get(kind, kind[:-1]), url=f"{door}{kind}/{row['id']}/", related={})
        found["summary_fields"] = summary = self._summary(row)
        if kind == "credentials":
            inputs = self.rows["credential_types"][row["credential_type"]]["inputs"]
            secret = {field["id"] for field in inputs.get("fields", ()) if field.get("secret")}
            found["inputs"] = {
                name: ENCRYPTED if name in secret and value else value for name, value in row["inputs"].items()
            }
        if kind == PROJECTS:
            found["status"] = self.look(row)
        if kind == "inventories":
            found["pending_deletion"] = bool(row.get("_deleted"))
        if kind in (TEMPLATES, "inventory_sources"):
            summary["credentials"] = [
                {"id": one, "name": self.rows["credentials"][one]["name"]} for one in row.get("_credentials", ())
            ]
        return found

    def _summary(self, row: Row) -> Row:
        found: Row = {}
        for name, kinds in REFERENCES.items():
            other = self.any(kinds, row.get(name))
            if other is not None:
                found[name] = {"id": other["id"], "name": other["name"], "description": other["description"]}
                if other["id"] in self.rows[APPROVALS]:
                    found[name].update(unified_job_type="workflow_approval", timeout=other["timeout"])
                elif name == "unified_job_template":
                    found[name]["unified_job_type"] = "job"
        return found
