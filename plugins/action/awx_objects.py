# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of the role awx. It runs on the controller, and no secret is in its result."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_objects as objects
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_plan as planning
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_run as running
from ansible_collections.h444.cloud.plugins.plugin_utils._awx_api import Access, Awx, AwxError

SPEC: dict[str, dict[str, t.Any]] = {
    "url": {"type": "str", "required": True},
    "token": {"type": "str", "no_log": True},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    "organization": {"type": "str", "default": "Default"},
    "prefix": {"type": "str", "default": "444Host"},
    "api_key": {"type": "str", "no_log": True},
    "api_url": {"type": "str"},
    "update_secrets": {"type": "bool", "default": False, "no_log": False},
    "project_url": {"type": "str"},
    "project_branch": {"type": "str"},
    "project_credential": {"type": "str", "no_log": False},
    "project_timeout": {"type": "int", "default": 300},
    "inventory_path": {"type": "str", "default": "inventory.h444.yml"},
    "execution_environment": {"type": "str"},
    "execution_environment_image": {"type": "str"},
    "playbooks": {"type": "list", "elements": "str", "choices": list(objects.PLAYBOOKS)},
    "playbook_directory": {"type": "str"},
    "manifest": {"type": "str", "default": "account.yml"},
    "directory": {"type": "str"},
    "extra_vars": {"type": "dict", "default": {}},
}
SURVEYS = os.path.join(os.path.dirname(__file__), "..", "..", "playbooks", "files", "surveys")
GONE_AFTER_A_JOB = ("/runner", "/tmp", "/var/tmp")
NOTHING_CHANGED = "Nothing was changed in AWX."


class ActionModule(ActionBase):
    """Makes AWX have the objects, or removes them."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """Read, plan, and, outside of check mode, carry out."""
        result = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(SPEC)
        args = {name: value.strip() if isinstance(value, str) else value for name, value in args.items()}
        try:
            _check(args)
            api = Awx(_access(args), secrets=[args["api_key"] or ""])
            api.find_door()
            plan = _removal(api, args) if args["state"] == "absent" else _creation(api, args)
            if plan.problems:
                raise AwxError(" ".join(plan.problems))
        except AwxError as error:
            raise AnsibleActionFail("%s %s" % (error, NOTHING_CHANGED)) from None
        steps = [step.summary() for step in plan.steps]
        result.update(changed=bool(steps), plan=steps, api_path=api.door)
        if self._task.diff:
            result["diff"] = [_diff(step) for step in steps]
        if not self._task.check_mode:
            _carry_out(api, plan, args)
        return result


def _check(args: dict[str, t.Any]) -> None:
    """Check what the options mean together. Raises: AwxError."""
    if bool(args["token"]) == bool(args["username"] or args["password"]):
        raise AwxError("Set awx_token, or awx_username and awx_password.")
    if not args["token"] and not (args["username"] and args["password"]):
        raise AwxError("awx_username and awx_password are only accepted together.")
    if not args["prefix"]:
        raise AwxError("awx_prefix must not be empty.")
    for name in ("timeout", "project_timeout"):
        if args[name] < 1:
            raise AwxError("awx_%s must be at least 1." % name)
    if args["state"] == "absent":
        return
    if not args["project_url"]:
        raise AwxError("awx_project_url is required. It is the Git repository with your playbooks and inventory.")
    for name in ("project_url", "api_url"):
        if _has_password(args[name] or ""):
            raise AwxError("awx_%s must not contain a password, because AWX would show it." % name)
    _check_directory(args["directory"] or "")
    if args["execution_environment"] and args["execution_environment_image"]:
        raise AwxError("awx_execution_environment and awx_execution_environment_image exclude each other.")
    if not args["inventory_path"].endswith(("h444.yml", "h444.yaml")):
        raise AwxError(
            "awx_inventory_path must end in h444.yml or h444.yaml, because the inventory plugin reads no other."
        )
    _check_extra_vars(args["extra_vars"])


def _has_password(url: str) -> bool:
    """Return whether a URL contains a secret. Git services take a token for the user of https, without a password."""
    scheme, found, rest = url.partition("://")
    user, has_user, _host = rest.partition("/")[0].rpartition("@")
    return bool(found and has_user) and (":" in user or scheme.lower() in ("http", "https"))


def _check_directory(directory: str) -> None:
    """Check that files outlive the job that writes them. Raises: AwxError."""
    if not directory:
        return
    path = os.path.normpath(directory)
    if not path.startswith("/") or any(path == top or path.startswith(top + "/") for top in GONE_AFTER_A_JOB):
        raise AwxError(
            "awx_directory must be an absolute path that AWX exposes to its jobs, and not below %s, whose files are "
            "gone after a job." % " or ".join(GONE_AFTER_A_JOB)
        )


def _check_extra_vars(extra_vars: dict[str, t.Any]) -> None:
    for name, variables in extra_vars.items():
        if name not in objects.PLAYBOOKS:
            raise AwxError(
                "awx_extra_vars: there is no playbook '%s'. There are %s." % (name, ", ".join(objects.PLAYBOOKS))
            )
        if not isinstance(variables, dict):
            raise AwxError("awx_extra_vars: the value of '%s' must be a dictionary." % name)
        for variable, value in variables.items():
            if not isinstance(variable, str) or not _is_json(value):
                raise AwxError(
                    "awx_extra_vars: AWX can't take the variable '%s' of '%s', because it is not JSON. Quote dates."
                    % (variable, name)
                )


def _is_json(value: t.Any) -> bool:
    try:
        json.dumps(value, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError):
        return False
    return True


def _access(args: dict[str, t.Any]) -> Access:
    return Access(
        args["url"],
        args["token"] or "",
        args["username"] or "",
        args["password"] or "",
        args["validate_certs"] is not False,  # null is not a way to turn it off
        args["ca_path"] or "",
        args["timeout"],
    )


def _settings(api: Awx, args: dict[str, t.Any]) -> objects.Settings:
    """Return the settings, with the IDs of what has to exist."""
    source, environment = args["project_credential"], args["execution_environment"]
    settings = objects.Settings(
        prefix=args["prefix"],
        organization=_organization(api, args),
        project_url=args["project_url"],
        project_branch=args["project_branch"] or "",
        project_credential=running.find_one(api, objects.CREDENTIALS, "credential", source, "awx_project_credential")
        if source
        else None,
        inventory_path=args["inventory_path"],
        api_url=args["api_url"] or "",
        environment=running.find_one(
            api, objects.ENVIRONMENTS, "execution environment", environment, "awx_execution_environment"
        )
        if environment
        else None,
        environment_image=args["execution_environment_image"] or "",
        playbook_directory=args["playbook_directory"] or "",
        manifest=args["manifest"] or "account.yml",
        directory=args["directory"] or "",
        extra_vars=args["extra_vars"],
    )
    return settings._replace(playbooks=_playbooks(settings, args["playbooks"]))


def _playbooks(settings: objects.Settings, asked: list[str] | None) -> tuple[str, ...]:
    """Return the playbooks that get a job template. Raises: AwxError."""
    homeless = [name for name in objects.PLAYBOOKS if objects.lacks_a_file(settings, name)]
    if asked is None:
        return tuple(name for name in objects.PLAYBOOKS if name not in homeless)
    for name in homeless:
        if name in asked:
            raise AwxError("awx_directory is required for the playbook '%s', which writes files." % name)
    return tuple(name for name in objects.PLAYBOOKS if name in asked)


def _organization(api: Awx, args: dict[str, t.Any]) -> objects.Known:
    return running.find_one(api, "organizations", "organization", args["organization"], "awx_organization")


def _creation(api: Awx, args: dict[str, t.Any]) -> planning.Plan:
    wanted = objects.wanted(_settings(api, args), read_surveys())
    secret = planning.Secret(args["api_key"] or "", args["update_secrets"])
    return planning.plan(wanted, running.read(api, args["prefix"], wanted), args["prefix"], secret)


def _removal(api: Awx, args: dict[str, t.Any]) -> planning.Plan:
    organization = _organization(api, args).id
    snapshot = running.read_for_removal(api, args["prefix"], organization)
    return planning.plan_removal(snapshot, args["prefix"], organization)


def read_surveys() -> dict[str, dict[str, t.Any]]:
    """Return the surveys of the collection, by playbook."""
    found = {}
    for name in objects.PLAYBOOKS:
        path = os.path.join(SURVEYS, "%s.json" % name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                found[name] = json.load(stream)
    return found


def _carry_out(api: Awx, plan: planning.Plan, args: dict[str, t.Any]) -> None:
    playbooks = [
        request.body["playbook"] for step in plan.steps for request in step.requests if "playbook" in request.body
    ]
    runner = running.Runner(api, plan.ids, playbooks, args["project_timeout"])
    try:
        runner.run(plan.steps)
    except AwxError as error:
        if not runner.has_written:
            raise AnsibleActionFail("%s %s" % (error, NOTHING_CHANGED)) from None
        done = ", ".join("%s '%s'" % (objects.TITLES[step.kind], step.name) for step in runner.done)
        raise AnsibleActionFail(
            "%s Done before: %s. Run the role again to do the rest." % (error, done or "nothing")
        ) from None


def _diff(step: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the difference of one object as Ansible shows it."""
    header = "%s '%s'" % (objects.TITLES[step["kind"]], step["name"])
    before = {name: change["before"] for name, change in step["changes"].items()}
    after = {name: change["after"] for name, change in step["changes"].items()}
    return {
        "before_header": header,
        "after_header": header,
        "before": "" if step["action"] == planning.CREATE else before or {"name": step["name"]},
        "after": "" if step["action"] == planning.REMOVE else after,
    }
