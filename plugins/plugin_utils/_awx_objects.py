# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects that the role awx wants in AWX, as data. Pure.

The fields are those of AWX's REST API. An object refers to another one by its key, because what does not exist yet has
no ID.
"""

from __future__ import annotations

import json
import typing as t

CREDENTIAL_TYPES = "credential_types"
CREDENTIALS = "credentials"
ENVIRONMENTS = "execution_environments"
PROJECTS = "projects"
INVENTORIES = "inventories"
SOURCES = "inventory_sources"
TEMPLATES = "job_templates"
WORKFLOWS = "workflow_job_templates"
# In the order in which they are made. They are removed in the opposite order.
KINDS = (CREDENTIAL_TYPES, CREDENTIALS, ENVIRONMENTS, PROJECTS, INVENTORIES, SOURCES, TEMPLATES, WORKFLOWS)
TITLES = {
    CREDENTIAL_TYPES: "credential type",
    CREDENTIALS: "credential",
    ENVIRONMENTS: "execution environment",
    PROJECTS: "project",
    INVENTORIES: "inventory",
    SOURCES: "inventory source",
    TEMPLATES: "job template",
    WORKFLOWS: "workflow job template",
}

API_KEY, API_URL = "api_key", "api_url"
# "env", because AWX ignores extra_vars in inventory updates. AWX sets H444_API_URL to "" if the field is empty.
INPUTS: dict[str, t.Any] = {
    "fields": [
        {
            "id": API_KEY,
            "label": "API key",
            "type": "string",
            "secret": True,
            "help_text": "The API key of 444Host. It begins with h444_.",
        },
        {
            "id": API_URL,
            "label": "API URL",
            "type": "string",
            "help_text": "Leave it empty to use https://api.444host.com/v1.",
        },
    ],
    "required": [API_KEY],
}
INJECTORS: dict[str, t.Any] = {"env": {"H444_API_KEY": "{{ api_key }}", "H444_API_URL": "{{ api_url }}"}}

Survey = t.Optional[t.Mapping[str, t.Any]]

PLAN, APPROVAL, APPLY = "plan", "approval", "apply"
CHECK, RUN = "check", "run"


class Ref(t.NamedTuple):
    """The ID of another object, by its key."""

    key: str


class Known(t.NamedTuple):
    """The ID of an object that the role does not make, and its name."""

    id: int
    name: str


class Node(t.NamedTuple):
    """A node of a workflow."""

    identifier: str
    template: t.Optional[Ref]
    """the template that it runs; None: it waits for an approval"""
    approval: t.Mapping[str, t.Any]
    """the fields of the approval"""
    then: tuple[str, ...]
    """the nodes that follow if it succeeds"""


class Wanted(t.NamedTuple):
    """An object that there should be."""

    key: str
    kind: str
    name: str
    fields: dict[str, t.Any]
    survey: Survey = None
    credential: t.Optional[Ref] = None
    nodes: tuple[Node, ...] = ()


class Job(t.NamedTuple):
    """A job template: the playbook of the collection, what it is called, and what it does."""

    playbook: str
    title: str
    text: str
    job_type: str = RUN
    asks_for_job_type: bool = False


JOBS: dict[str, tuple[Job, ...]] = {
    "provision": (
        Job("provision", "provision", "Orders a server at 444Host and debits the wallet.", asks_for_job_type=True),
    ),
    "power": (Job("power", "power", "Starts, stops or restarts servers.", asks_for_job_type=True),),
    "reverse_dns": (Job("reverse_dns", "reverse DNS", "Sets the PTR record of an address.", asks_for_job_type=True),),
    "export": (Job("export", "export", "Writes the account down as one document."),),
    "apply": (
        Job("apply", "plan", "Shows what the document would change, and what it would cost.", CHECK),
        Job("apply", "apply", "Carries out the approved plan. Runs only in the workflow."),
    ),
    "drift": (Job("drift", "drift", "Fails if the account is not what the document says."),),
    "report": (Job("report", "report", "Writes a report on the account."),),
}
PLAYBOOKS = tuple(JOBS)
# The files that they write, each with its variable. The files of a job of AWX are gone after it.
FILES = {
    "provision": ("provision_credentials_file", "credentials.json"),
    "apply": ("apply_credentials_file", "credentials.json"),
    "export": ("export_dir", "account"),
    "report": ("report_file", "report.html"),
}
# These do nothing else than to write files.
WRITERS = ("export", "report")
# The limits of a plan are asked for by the workflow, which hands them to both of its jobs.
ASKED_BY_THE_WORKFLOW = "apply"


class Settings(t.NamedTuple):
    """What the variables of the role say."""

    prefix: str
    organization: Known
    project_url: str
    project_branch: str = ""
    project_credential: t.Optional[Known] = None
    inventory_path: str = "inventory.h444.yml"
    api_url: str = ""
    environment: t.Optional[Known] = None
    """an execution environment that exists"""
    environment_image: str = ""
    """the image of an execution environment that is made"""
    playbooks: tuple[str, ...] = PLAYBOOKS
    playbook_directory: str = ""
    manifest: str = "account.yml"
    directory: str = ""
    """a directory that survives a job"""
    extra_vars: t.Mapping[str, t.Mapping[str, t.Any]] = {}


def mark_of(prefix: str) -> str:
    """Return the end of the description of everything that the role makes with this prefix."""
    return "Managed by h444.cloud.awx (%s)." % prefix


def is_ours(row: t.Mapping[str, t.Any], prefix: str) -> bool:
    """Return whether the role made an object of AWX with this prefix."""
    return str(row.get("name") or "").startswith(prefix) and str(row.get("description") or "").strip().endswith(
        mark_of(prefix)
    )


def playbook_file(settings: Settings, playbook: str) -> str:
    """Return the path of the file in the project that imports a playbook of the collection."""
    folder = settings.playbook_directory.strip("/")
    return "%s/%s.yml" % (folder, playbook) if folder else "%s.yml" % playbook


def lacks_a_file(settings: Settings, playbook: str) -> bool:
    """Return whether a playbook that only writes files has no place for them."""
    own = settings.extra_vars.get(playbook, {})
    return playbook in WRITERS and not settings.directory and not any(name.startswith(playbook) for name in own)


def wanted(settings: Settings, surveys: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[Wanted]:
    """Return what there should be, in the order in which it is made. *surveys*: by playbook."""
    found = [*_access(settings), *_source(settings)]
    for playbook in settings.playbooks:
        found += [_template(job, settings, surveys.get(playbook)) for job in JOBS[playbook]]
    if APPLY in settings.playbooks:
        found.append(_workflow(settings, surveys.get(ASKED_BY_THE_WORKFLOW)))
    return found


def _base(settings: Settings, title: str, text: str, **fields: t.Any) -> dict[str, t.Any]:
    return {
        "name": "%s %s" % (settings.prefix, title),
        "description": "%s %s" % (text, mark_of(settings.prefix)),
        **fields,
    }


def _wanted(key: str, kind: str, fields: dict[str, t.Any], **more: t.Any) -> Wanted:
    return Wanted(key, kind, fields["name"], fields, **more)


def _access(settings: Settings) -> list[Wanted]:
    fields = _base(
        settings, "API key", "The access to the API of 444Host.", kind="cloud", inputs=INPUTS, injectors=INJECTORS
    )
    found = [_wanted("credential_type", CREDENTIAL_TYPES, fields)]
    fields = _base(
        settings,
        "API key",
        "The access to the API of 444Host.",
        organization=settings.organization,
        credential_type=Ref("credential_type"),
        inputs={API_URL: settings.api_url} if settings.api_url else {},
    )
    found.append(_wanted("credential", CREDENTIALS, fields))
    if settings.environment_image:
        fields = _base(
            settings,
            "execution environment",
            "Contains the collection h444.cloud.",
            organization=settings.organization,
            image=settings.environment_image,
        )
        found.append(_wanted("environment", ENVIRONMENTS, fields))
    return found


def _environment(settings: Settings) -> dict[str, t.Any]:
    if settings.environment_image:
        return {"execution_environment": Ref("environment")}
    return {"execution_environment": settings.environment} if settings.environment else {}


def _source(settings: Settings) -> list[Wanted]:
    project = _base(
        settings,
        "project",
        "The playbooks, the inventory and the document.",
        organization=settings.organization,
        scm_type="git",
        scm_url=settings.project_url,
        scm_branch=settings.project_branch,
        credential=settings.project_credential,
        # The document and the inventory of a job are those of the latest commit.
        scm_update_on_launch=True,
    )
    inventory = _base(settings, "servers", "The servers of the account.", organization=settings.organization)
    source = _base(
        settings,
        "servers",
        "Reads the servers from the API of 444Host.",
        inventory=Ref("inventory"),
        source="scm",
        source_project=Ref("project"),
        source_path=settings.inventory_path,
        overwrite=True,
        overwrite_vars=True,
        update_on_launch=True,
        enabled_var="h444_status",
        enabled_value="running",
        **_environment(settings),
    )
    return [
        _wanted("project", PROJECTS, project),
        _wanted("inventory", INVENTORIES, inventory),
        _wanted("source", SOURCES, source, credential=Ref("credential")),
    ]


def _variables(job: Job, settings: Settings) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {}
    if job.playbook in ("apply", "drift"):
        found["%s_manifest" % job.playbook] = settings.manifest
    if job.playbook in FILES and settings.directory:
        variable, name = FILES[job.playbook]
        found[variable] = "%s/%s" % (settings.directory.rstrip("/"), name)
    found.update(settings.extra_vars.get(job.playbook, {}))
    if job.playbook == "apply":
        # Last: without it, the plan would be carried out without an approval.
        found["apply_plan_in_workflow"] = True
    return found


def _preset(survey: Survey, variables: t.Mapping[str, t.Any]) -> Survey:
    """Return a survey whose defaults are the variables. AWX prefers a default, even an empty one, to the variable."""
    if survey is None:
        return None
    return {**survey, "spec": [_preset_question(question, variables) for question in survey["spec"]]}


def _preset_question(question: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    value = variables.get(question["variable"])
    if value is None:
        return question
    if question["type"] == "multiselect" and isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    if question["type"] == "integer":
        default: t.Any = int(str(value)) if str(value).isdecimal() else ""
    elif isinstance(value, (list, tuple)):
        default = "\n".join(str(line) for line in value)
    else:
        default = str(value).lower() if isinstance(value, bool) else str(value)
    return {**question, "default": default}


def _template(job: Job, settings: Settings, survey: Survey) -> Wanted:
    variables = _variables(job, settings)
    survey = None if job.playbook == ASKED_BY_THE_WORKFLOW else _preset(survey, variables)
    fields = _base(
        settings,
        job.title,
        job.text,
        job_type=job.job_type,
        inventory=Ref("inventory"),
        project=Ref("project"),
        playbook=playbook_file(settings, job.playbook),
        extra_vars=as_text(variables),
        survey_enabled=survey is not None,
        ask_job_type_on_launch=job.asks_for_job_type,
        ask_variables_on_launch=False,
        **_environment(settings),
    )
    return _wanted("template %s" % job.title, TEMPLATES, fields, survey=survey, credential=Ref("credential"))


def _workflow(settings: Settings, survey: Survey) -> Wanted:
    survey = _preset(survey, _variables(JOBS[APPLY][0], settings))
    fields = _base(
        settings,
        "plan and apply",
        "Shows the plan, waits for its approval, and carries it out.",
        organization=settings.organization,
        survey_enabled=survey is not None,
        ask_variables_on_launch=False,
    )
    approval = {
        "name": "%s approval" % settings.prefix,
        "description": "The plan is the output of the job before.",
        "timeout": 0,
    }
    nodes = (
        Node(PLAN, Ref("template plan"), {}, (APPROVAL,)),
        Node(APPROVAL, None, approval, (APPLY,)),
        Node(APPLY, Ref("template apply"), {}, ()),
    )
    return _wanted("workflow", WORKFLOWS, fields, survey=survey, nodes=nodes)


def as_text(variables: t.Mapping[str, t.Any]) -> str:
    """Return variables as AWX keeps them."""
    return json.dumps(variables, sort_keys=True) if variables else ""
