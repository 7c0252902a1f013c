# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the inventory plugin beyond what core reads by itself.

Templates, and environment variables that are structured or empty.
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import BOOLEANS

from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.module_utils._names import closest, one_line, quoted

from ._trust import trusted

STRUCTURED = {
    "compose": dict,
    "connect_with": list,
    "filters": list,
    "groups": dict,
    "hostnames": list,
    "ip_groups": dict,
    "keyed_groups": list,
    "statuses": list,
}
"""Options that an environment variable sets as YAML. A list of words may also be separated by commas."""

KEYED_GROUP_OPTIONS = frozenset({"key", "prefix", "separator", "parent_group", "default_value", "trailing_separator"})


def env_name(option: str) -> str:
    """Return the environment variable of an option of the inventory."""
    return "H444_INVENTORY_%s" % option.upper()


@contextlib.contextmanager
def without_empty_environment() -> t.Iterator[None]:
    """Hide our empty variables while core reads the environment, because AWX injects empty fields."""
    empty = [name for name, value in os.environ.items() if name.startswith("H444_") and not value.strip()]
    hidden = {name: os.environ.pop(name) for name in empty}
    try:
        yield
    finally:
        os.environ.update(hidden)


def structured_from_environment(loader: t.Any, given: t.Container[str]) -> dict[str, t.Any]:
    """Read the structured options that the configuration file doesn't set. Raises BadOption."""
    found: dict[str, t.Any] = {}
    for option, kind in STRUCTURED.items():
        name = env_name(option)
        text = os.environ.get(name, "").strip()
        if option in given or not text or (kind is list and text[0] not in "[-{"):
            continue
        try:
            # Whoever sets the environment runs the command, so it is as trusted as the configuration file.
            value = loader.load(trusted(text), show_content=False)
        except AnsibleError as error:
            raise BadOption("%s: not valid YAML: %s" % (name, one_line(str(error), 200))) from error
        if not isinstance(value, kind):
            raise BadOption("%s: must be a YAML %s." % (name, "mapping" if kind is dict else "list"))
        found[option] = value
    return found


def check_types(given: t.Mapping[str, t.Any], definitions: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
    """Refuse what core would refuse without a reason, or misread: to core, any word is false. Raises BadOption.

    *definitions*: the documented options. Only our own environment variables are checked.
    """
    for name, definition in definitions.items():
        where, value = _setting(name, given, definition)
        is_yaml = where != name and name in STRUCTURED and not _is_words(value, definition)
        expected = None if value is None or is_yaml else _expected(value, definition)
        if expected:
            raise BadOption(
                "%s: %s is not %s." % (where, "its value" if name == "api_key" else quoted(value), expected)
            )


def _setting(name: str, given: t.Mapping[str, t.Any], definition: t.Mapping[str, t.Any]) -> tuple[str, t.Any]:
    """Return where an option is set, in the file or in our environment variable, and its value."""
    value = given.get(name)
    if value is None:
        for variable in (entry["name"] for entry in definition.get("env") or ()):
            if variable.startswith("H444_") and os.environ.get(variable):
                return variable, os.environ[variable]
    return name, value


def _is_words(value: t.Any, definition: t.Mapping[str, t.Any]) -> bool:
    """Return whether a variable contains choices of the option, and not YAML."""
    return bool(definition.get("choices")) and isinstance(value, str) and value.strip()[:1] not in ("[", "-", "{")


def _is_true_or_false(value: t.Any) -> bool:
    return not isinstance(value, (list, dict)) and (value.lower() if isinstance(value, str) else value) in BOOLEANS


def _is_whole_number(value: t.Any) -> bool:
    return bool(re.match(r"[0-9]+(?:\.0*)?\Z", str(value).strip()))


KINDS: dict[str, tuple[t.Callable[[t.Any], bool], str]] = {
    "bool": (_is_true_or_false, "true or false"),
    "dict": (lambda value: isinstance(value, dict), "a dictionary"),
    "int": (_is_whole_number, "a whole number"),
}


def _expected(value: t.Any, definition: t.Mapping[str, t.Any]) -> str | None:
    """Return what a value should be; None if it is valid."""
    kind, choices = definition.get("type"), definition.get("choices")
    if kind in KINDS:
        fits, words = KINDS[kind]
        return None if fits(value) else words
    if kind == "list":
        return _expected_of_list(value, choices)
    if isinstance(value, (list, dict)):
        return "a single value"
    return None if not choices or value in choices else "one of %s" % ", ".join(choices)


def _expected_of_list(value: t.Any, choices: t.Sequence[str] | None) -> str | None:
    """Return what a list, or a text with commas, should be; None if it is valid."""
    entries = [entry.strip() for entry in value.split(",")] if isinstance(value, str) else value
    if not choices:
        return None if isinstance(entries, list) else "a list"
    if isinstance(entries, list) and entries and all(entry in choices for entry in entries):
        return None
    return "one of %s, or a list of these" % ", ".join(choices)


def check_shapes(options: t.Mapping[str, t.Any]) -> None:
    """Refuse what core would silently ignore. Raises BadOption."""
    for name in ("hostnames", "statuses"):
        for entry in options[name]:
            _check_text(name, entry)
    for name, networks in options["ip_groups"].items():
        _check_networks(name, networks)
    for entry in options["filters"]:
        _check_filter(entry)
    for name in ("compose", "groups", "ip_groups"):
        for key in options[name]:
            _check_name(name, key)
    for entry in options["keyed_groups"]:
        _check_keyed_group(entry)
    if not options["hostnames"]:
        raise BadOption("hostnames: must not be empty. The default is [label, hostname, ipv4, id].")


def _check_text(option: str, entry: t.Any) -> None:
    if not isinstance(entry, str):
        raise BadOption("%s: %s is not a string. Put it in quotes." % (option, quoted(entry)))


def _check_networks(group: t.Any, networks: t.Any) -> None:
    if not isinstance(networks, (list, str, type(None))):
        raise BadOption("ip_groups: %s must be a list of networks, not %s." % (quoted(group), quoted(networks)))


def _check_name(option: str, key: t.Any) -> None:
    if not isinstance(key, str) or not key:
        raise BadOption("%s: %s is not a valid name." % (option, quoted(key)))


def _check_filter(entry: t.Any) -> None:
    if not isinstance(entry, dict) or len(entry) != 1 or not set(entry) <= {"include", "exclude"}:
        raise BadOption(
            "filters: each entry must be one condition under 'include' or 'exclude', like 'exclude: h444_ipv4 is none'."
        )


def _check_keyed_group(entry: t.Any) -> None:
    if not isinstance(entry, dict):
        raise BadOption(
            "keyed_groups: each entry must be a dictionary like '- key: h444_status', not %s." % quoted(entry)
        )
    for key in entry:
        if key not in KEYED_GROUP_OPTIONS:
            raise BadOption(
                "keyed_groups: there is no option %s in an entry%s." % (quoted(key), _perhaps(key, KEYED_GROUP_OPTIONS))
            )


def unknown_options(config: t.Iterable[t.Any], known: t.Iterable[str]) -> list[str]:
    """Return the unknown keys of a configuration file. Keys that begin with ``x-`` or ``_`` are the user's own."""
    names = sorted({*known, "plugin"})
    odd = [str(key) for key in config if str(key) not in names and not str(key).startswith(("x-", "_"))]
    return ["There is no option %s%s; it is ignored." % (quoted(key), _perhaps(key, names)) for key in odd]


def _perhaps(key: t.Any, names: t.Iterable[str]) -> str:
    found = closest(str(key), names)
    return " (did you mean %s?)" % found[0] if found else ""


def render(templar: t.Any, variables: dict[str, t.Any], name: str, value: t.Any) -> str | None:
    """Return the value of an option that may be a template; None if empty. Raises BadOption, without the value."""
    if value is None:
        return None
    templar.available_variables = variables
    try:
        found = templar.template(value)
    except Exception as error:  # templates may call any lookup
        raise BadOption("%s: the template failed: %s" % (name, one_line(str(error), 200))) from error
    if found is None or found == "":
        return None
    # Joining removes whatever core has attached to a string.
    return "".join(str(found))
