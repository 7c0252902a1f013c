# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWX 24.6's rules for credential types, credentials and surveys. Each returns the first problem, or nothing."""

from __future__ import annotations

import re
import typing as t

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

Json = t.Mapping[str, t.Any]

VARIABLE = re.compile(r"^[a-zA-Z_]+[a-zA-Z0-9_]*$")
FIELD_KEYS = {
    "type", "format", "choices", "id", "label", "help_text", "multiline", "secret", "ask_at_runtime", "default",
}  # fmt: skip
TEXTS_ONLY = ("choices", "multiline", "format", "secret")
BLOCKED = {
    "VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID",
    "AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION",
    "CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION", "SUPERVISOR_CONFIG_PATH",
}  # fmt: skip
QUESTION_TYPES: dict[str, t.Any] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}
ENCRYPTED = "$encrypted$"


# Credential types


def inputs_problem(inputs: t.Any) -> str:
    """Check the inputs of a credential type."""
    if not isinstance(inputs, dict):
        return f"{type(inputs).__name__} provided, expected dict"
    if "dependencies" in inputs:
        return "'dependencies' is not supported for custom credentials."
    unexpected = set(inputs) - {"fields", "required"}
    if unexpected:
        return f"Schema validation error in relative path [] (Additional properties are not allowed ({unexpected}))"
    fields, required = inputs.get("fields", []), inputs.get("required", [])
    if not isinstance(fields, list) or not isinstance(required, list):
        return "fields and required must be lists"
    if not all(isinstance(name, str) for name in required):
        return "required must contain names"
    seen: set[str] = set()
    for field in fields:
        problem = _field_problem(field, seen)
        if problem:
            return problem
        seen.add(field["id"])
    return ""


def _field_problem(field: t.Any, seen: set[str]) -> str:
    if not isinstance(field, dict):
        return f"{type(field).__name__} provided in relative path ['fields'], expected dict"
    unexpected = set(field) - FIELD_KEYS
    if unexpected:
        return f"Schema validation error (Additional properties are not allowed ({', '.join(sorted(unexpected))}))"
    lacking = [name for name in ("id", "label") if not isinstance(field.get(name), str)]
    if lacking:
        return f"'{lacking[0]}' is a required property"
    if field.get("ask_at_runtime"):
        return "'ask_at_runtime' is not supported for custom credentials."
    return _id_problem(field["id"], seen) or _type_problem(field)


def _id_problem(name: str, seen: set[str]) -> str:
    if not VARIABLE.match(name):
        return f"{name} is an invalid variable name"
    if name == "tower":
        return '"tower" is a reserved field name'
    return f"field IDs must be unique ({name})" if name in seen else ""


def _type_problem(field: Json) -> str:
    kind = field.get("type", "string")
    if kind not in ("string", "boolean"):
        return f"'{kind}' is not one of ['string', 'boolean']"
    if "format" in field and field["format"] not in ("ssh_private_key", "url"):
        return f"'{field['format']}' is not one of ['ssh_private_key', 'url']"
    if "default" in field and not isinstance(field["default"], {"string": str, "boolean": bool}[kind]):
        return f"{field['default']} is not a {kind}"
    wrong = [name for name in TEXTS_ONLY if name in field and kind != "string"]
    return f"{wrong[0]} not allowed for {kind} type ({field['id']})" if wrong else ""


def injectors_problem(injectors: t.Any, inputs: Json) -> str:
    """Check the injectors of a credential type, which use its inputs."""
    if not isinstance(injectors, dict):
        return f"{type(injectors).__name__} provided, expected dict"
    unexpected = set(injectors) - {"env", "extra_vars", "file"}
    if unexpected:
        return f"Schema validation error in relative path [] (Additional properties are not allowed ({unexpected}))"
    names = {field["id"]: "EXAMPLE" for field in inputs.get("fields", ())}
    for name, template in injectors.get("env", {}).items():
        problem = _env_problem(name, template) or _template_problem(name, template, names)
        if problem:
            return problem
    for name, template in injectors.get("extra_vars", {}).items():
        problem = _template_problem(name, str(template), names)
        if problem:
            return problem
    return ""


def _env_problem(name: str, template: t.Any) -> str:
    if not VARIABLE.match(name) or not isinstance(template, str):
        return f"Schema validation error in relative path ['env'] ({name})"
    if not template.isascii():
        return f"'{template}' does not match '^[\\x00-\\x7F]*$'"
    if name.startswith("ANSIBLE_"):
        return f"Environment variable {name} may affect Ansible configuration so its use is not allowed in credentials."
    return f"Environment variable {name} is not allowed to be used in credentials." if name in BLOCKED else ""


def _template_problem(name: str, template: str, names: Json) -> str:
    try:
        ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(names)
    except TemplateError as error:
        return f"{name} uses an undefined field ({error})"
    return ""


def environment(injectors: Json, inputs: Json, values: Json) -> dict[str, str]:
    """Give the variables that AWX sets for a job. A field without a value is empty; defaults are not applied."""
    names = {field["id"]: values.get(field["id"], "") for field in inputs.get("fields", ())}
    engine = ImmutableSandboxedEnvironment()
    return {name: engine.from_string(template).render(names) for name, template in injectors.get("env", {}).items()}


# Credentials


def credential_problem(values: t.Any, inputs: Json, is_new: bool) -> str:
    """Check the values of a credential. AWX accepts one without its required values."""
    if not isinstance(values, dict):
        return f"{type(values).__name__} provided, expected dict"
    fields = {field["id"]: field for field in inputs.get("fields", ())}
    for name, value in values.items():
        if name not in fields:
            return f"Additional properties are not allowed ('{name}' was unexpected)"
        expected = {"string": str, "boolean": bool}[fields[name].get("type", "string")]
        if not isinstance(value, expected):
            return f"{value!r} is not of type '{fields[name].get('type', 'string')}'"
        if is_new and value == ENCRYPTED and fields[name].get("secret"):
            return f"$encrypted$ is a reserved keyword, and cannot be used for {name}."
    return ""


# Surveys


def survey_problem(spec: t.Any) -> str:
    """Check a survey."""
    if not isinstance(spec, dict):
        return "a survey must be an object"
    for field, expected, title in (("name", str, "string"), ("description", str, "string"), ("spec", list, "list")):
        if field not in spec:
            return f"Field '{field}' is missing from survey spec."
        if not isinstance(spec[field], expected):
            return f"Expected {title} for field '{field}', received {type(spec[field]).__name__} type."
    if not spec["spec"]:
        return "'spec' doesn't contain any items."
    seen: set[str] = set()
    for number, question in enumerate(spec["spec"]):
        problem = _question_problem(number, question, seen)
        if problem:
            return problem
        seen.add(question["variable"])
    return ""


def _question_problem(number: int, question: t.Any, seen: set[str]) -> str:
    if not isinstance(question, dict):
        return f"Survey question {number} is not a json object."
    for name, expected in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if name not in question:
            return f"'{name}' missing from survey question {number}"
        if not isinstance(question[name], expected):
            return f"'{name}' in survey question {number} expected to be {expected.__name__}."
    if question["variable"] in seen:
        return f"'variable' '{question['variable']}' duplicated in survey question {number}."
    if question["type"] not in QUESTION_TYPES:
        return f"'{question['type']}' in survey question {number} is not one of the allowed question types."
    return _default_problem(number, question) or _choices_problem(number, question)


def _default_problem(number: int, question: Json) -> str:
    default = question.get("default", "")
    if default != "" and not isinstance(default, QUESTION_TYPES[question["type"]]):
        return f"Default value {default} in survey question {number} expected to be {question['type']}."
    if isinstance(default, str) and default.startswith(ENCRYPTED) and question["type"] != "password":
        return f"$encrypted$ is a reserved keyword for password question defaults, survey question {number}."
    for name in ("min", "max"):
        if question.get(name) is not None and not isinstance(question[name], int):
            return f"The {name} limit in survey question {number} expected to be integer."
    return ""


def _choices_problem(number: int, question: Json) -> str:
    if question["type"] not in ("multiplechoice", "multiselect"):
        return ""
    if "choices" not in question:
        return f"Survey question {number} of type {question['type']} must specify choices."
    choices = question["choices"].splitlines() if isinstance(question["choices"], str) else question["choices"]
    defaults = str(question.get("default") or "").splitlines()
    if question["type"] == "multiplechoice" and len(defaults) > 1:
        return "Multiple Choice (Single Select) can only have one default value."
    wrong = [default for default in defaults if default not in choices]
    return "Default choice must be answered from the choices listed." if wrong else ""


def as_kept(spec: Json) -> dict[str, t.Any]:
    """Give a survey as AWX keeps it: choices that are lines lose the empty ones."""
    questions = []
    for question in spec["spec"]:
        one = dict(question)
        if question["type"] in ("multiplechoice", "multiselect"):
            for name in ("choices", "default"):
                if isinstance(one.get(name), str):
                    one[name] = "\n".join(line for line in one[name].splitlines() if line.strip())
        questions.append(one)
    return {**spec, "spec": questions}
