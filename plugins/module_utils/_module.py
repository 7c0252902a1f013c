# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The one file in which AnsibleModule is spoken to: parameters in, results and failures out."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from . import _client, _transport
from ._access import KEY_PAGE, SHORTEST_KEY
from ._api import Api, Params
from ._errors import H444Error, mistake_text
from ._identifiers import NONE, Identifiers, check_given
from ._names import well_formed


def held_up(seconds: float, warn: t.Callable[[str], None]) -> dict[str, float]:
    """Return what a result says about the time that the task waited for the rate limit; nothing if that was short."""
    if seconds > _client.WARNED_SECONDS:
        warn(_client.held_up_text(seconds))
    return {"waited_seconds": round(seconds, 1)} if seconds > _client.TOLD_SECONDS else {}


def explained(msg: t.Any) -> str:
    """Return the message of a failure; where the key is missing, it says where the key is taken from."""
    text = str(msg)
    if text.startswith("missing required arguments") and "api_key" in text:
        way_out = "Set api_key or the environment variable H444_API_KEY. Create keys at %s. Nothing was sent."
        return "%s. %s" % (text, way_out % KEY_PAGE)
    return text


class _Core(AnsibleModule):
    """AnsibleModule, which names a missing option, but not its environment variable."""

    def fail_json(self, msg: str, **result: t.Any) -> None:
        """Fail; without a key, say where it is taken from."""
        super().fail_json(explained(msg), **result)


class H444Module:
    """Holds an AnsibleModule. It is built first, before anything can fail.

    This is the face of a module that runs in a process of its own. ``plugin_utils/_in_process.py`` has the one for the
    controller's process, which ``main(face=…)`` takes in its place.
    """

    def __init__(self, argument_spec: dict[str, t.Any], *, signs_in: bool = False, **rules: t.Any) -> None:
        self._open: t.Callable[..., _client.Client] = _client.open_sign_in if signs_in else _client.open_client
        self._module = self._build(argument_spec=argument_spec, supports_check_mode=True, **rules)
        self._client: _client.Client | None = None

    def _build(self, **given: t.Any) -> t.Any:
        """Make the AnsibleModule, or what stands in for it."""
        return _Core(**given)

    @property
    def params(self) -> dict[str, t.Any]:
        """The options as they were given, defaults filled in."""
        return self._module.params

    @property
    def check_mode(self) -> bool:
        """Whether nothing may be written."""
        return self._module.check_mode

    def api(self) -> _client.Client:
        """Open the client. Raises: BadOption."""
        if _transport.REQUESTS_IMPORT_ERROR is not None:
            self._module.fail_json(msg=missing_required_lib("requests"), changed=False)
        self._client = self._open(self.params, self._module._name, self._module.ansible_version)
        return self._client

    def warn(self, text: str) -> None:
        """Warn the user."""
        self._module.warn(self._without_key(text))

    def tell(self, text: str) -> None:
        """Tell the user how far the task is. A module in a process of its own has nobody to tell."""

    def exit(self, **result: t.Any) -> None:
        """End well."""
        self._module.exit_json(**self._whole(result))

    def fail(self, error: H444Error, **result: t.Any) -> None:
        """End with an error: one sentence, its facts, and what was done up to then."""
        facts = {key: value for key, value in error.facts.items() if key not in result}
        self._module.fail_json(msg=self._without_key(str(error)), **self._whole({"changed": False, **facts, **result}))

    def crash(self, error: Exception, told: str = "", **result: t.Any) -> None:
        """End with a mistake of ours. *told*: what else has to be said."""
        self._module.fail_json(
            msg=self._without_key(" ".join(filter(None, (mistake_text(error), told)))),
            **self._whole({"changed": False, **result}),
        )

    def _without_key(self, text: str) -> str:
        """Make a sentence fit for the output: foreign texts in it are scrubbed already, now the key itself goes."""
        key = (self.params.get("api_key") or "").strip()
        return well_formed(text.replace(key, "[redacted]") if len(key) >= SHORTEST_KEY else text)

    def _whole(self, result: dict[str, t.Any]) -> dict[str, t.Any]:
        """Add to a result what belongs into every one, whatever the task and however it ended.

        A lone surrogate is valid in JSON but not in any output: the controller could not read the result.
        """
        result = well_formed(result)
        if self._client is None:
            return result
        return {**result, **held_up(self._client.held_seconds, self.warn)}

    def report(self, read: t.Callable[[Api, Params], dict[str, t.Any]], identifiers: Identifiers = NONE) -> None:
        """Run an info module: read, and end. *identifiers*: the options that choose what is read.

        The ``notes`` of what was read become warnings; they are not part of the result.
        """
        result: dict[str, t.Any] = {}
        try:
            params = check_given(self.params, identifiers)
            result = read(self.api(), params)
        except H444Error as error:
            self.fail(error)
        except Exception as error:  # pylint: disable=broad-except
            self.crash(error)
        for note in result.pop("notes", ()):
            self.warn(note)
        self.exit(changed=False, **result)
