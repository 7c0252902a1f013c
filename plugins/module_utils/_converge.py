# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Carry out a plan. This is the only place that branches on check mode."""

from __future__ import annotations

import typing as t

from ._api import Answer, Api, Params
from ._ending import Ending
from ._errors import H444Error, NotFound
from ._identifiers import NONE, Identifiers, check_given
from ._names import clean
from ._plan import Action, Plan
from ._protected import check_unprotected
from ._reply import Reply
from ._sink import Sink

# The name of further secrets in the result, or in an entry of credentials_file.
OTHER_SECRETS = "other_secrets"
MOST_NAMED = 20


class Reconciler(t.NamedTuple):
    """What a state module is made of.

    *perform* carries out one writing action, *wait* waits for an action's ``until``, *read_back* returns the resource
    afterwards. *further* returns further actions after one that is done, because an ordered resource may differ from
    the plan. *result_key*: the key of the resource in the result; "" if its fields are those of the result itself.
    *identifiers*: the options that identify the resource; the noun gets each of them as None or as a real value.
    """

    result_key: str
    plan_of: t.Callable[[t.Any, Params], Plan]
    perform: t.Callable[[t.Any, Action, "Progress"], None]
    read_back: t.Callable[[t.Any, Params, "Progress"], t.Any]
    wait: t.Optional[t.Callable[[t.Any, Action, "Progress"], None]] = None
    identifiers: Identifiers = NONE
    further: t.Optional[t.Callable[[Action, "Progress"], t.Sequence[Action]]] = None


class Progress:
    """What a run has done so far. A failure reports the same, up to the point that it reached."""

    def __init__(self, reconciler: Reconciler, params: Params, sink: Sink, warn: t.Callable[[str], None]) -> None:
        self.reconciler = reconciler
        self.params = params
        self.warn = warn
        self.plan = Plan(None, None)
        self.after: t.Any = None
        self.done: list[Action] = []
        self.maybe = False
        self.spared = False
        """whether the current action was not needed after all"""
        self.bought = ""
        """what was ordered, once the API has named it by an id"""
        self.resource_id = ""
        self.order: dict[str, t.Any] = {}
        self.secrets: dict[str, t.Any] = {}
        self.secret_lost = False
        self.is_kept_in_file = False
        self._kept_without_id = ""
        self.sink = sink

    def begin(self, plan: Plan) -> None:
        """Take the plan that is to be carried out."""
        self.plan, self.after, self.order = plan, plan.before, dict(plan.order or {})

    def keep(
        self,
        resource: str,
        resource_id: str | None,
        secrets: t.Mapping[str, str],
        others: t.Mapping[str, str] | None = None,
    ) -> None:
        """Store one-time secrets before anything else can fail; without a file they go into the result.

        *others*: further secrets, by their paths in the reply.
        """
        entry: dict[str, t.Any] = {**secrets, **({OTHER_SECRETS: dict(others)} if others else {})}
        if not entry:
            return
        if self.sink.path is not None:
            try:
                self.sink.keep(resource, {"id": resource_id, **entry})
                self.is_kept_in_file = True
                self._kept_without_id = resource if resource_id is None else ""
                return
            except (OSError, H444Error) as error:
                self.warn(
                    "credentials_file could not be written (%s). The secrets are in the result instead."
                    % clean(str(error), 160)
                )
        self.secrets.update(entry)

    def receive(
        self,
        resource: str,
        resource_id: str | None,
        reply: Reply,
        wanted: t.Iterable[str],
        way_out: str,
        may_repeat: bool = False,
    ) -> None:
        """Store all secrets of a reply, then warn of each *wanted* one that is missing, and of further ones.

        *may_repeat*: the reply may repeat that to an earlier run, whose secrets are still valid if the file has them.
        """
        self.keep(resource, resource_id, reply.secrets, reply.others)
        known = self._stored(resource, resource_id) if may_repeat else {}
        place = "in credentials_file" if self.is_kept_in_file else "in %s of the result" % OTHER_SECRETS
        for name in wanted:
            if name not in reply.secrets and name not in reply.unclear and known.get(name):
                self.is_kept_in_file = True  # since the run whose order this reply repeats
                continue
            self._check_secret(name, "%s of %s" % (name.replace("_", " "), resource), reply, place, way_out)
        unclear = {path for paths in reply.unclear.values() for path in paths}
        more = [path for path in reply.others if path not in unclear]
        if more:
            self.warn(
                "The reply about %s contains further secrets. They are %s under these names: %s."
                % (clean(resource), place, _listed(more))
            )

    def _stored(self, resource: str, resource_id: str | None) -> t.Mapping[str, t.Any]:
        """Return what the file contains of this very resource; nothing if that can't be read."""
        try:
            entry = self.sink.kept(resource)
        except (OSError, H444Error):
            return {}
        return entry if resource_id is not None and entry.get("id") == resource_id else {}

    def _check_secret(self, name: str, what: str, reply: Reply, place: str, way_out: str) -> None:
        """Warn of what is wrong with a one-time secret of a reply. *what*: what it is called."""
        if name in reply.unclear:
            paths = _listed(reply.unclear[name])
            self.lose(
                what,
                "the reply contains several that may be it (%s). They are %s under these names. Try them first. "
                "Otherwise, %s" % (paths, place, way_out),
            )
        elif name not in reply.secrets:
            self.lose(what, way_out)
        elif name in reply.damaged:
            self.lose(what, "it contained invalid characters, which were replaced; %s" % way_out)
        elif name in reply.masked:
            self.warn(
                "The API seems to have masked a part of the %s. It is stored unchanged. If it does not work, %s."
                % (what, way_out)
            )

    def lose(self, what: str, way_out: str) -> None:
        """Note that a one-time secret did not arrive, and warn with the way to a new one."""
        self.secret_lost = True
        self.warn("The %s did not arrive intact, and the API returns it only once: %s." % (clean(what), way_out))

    def identify(self) -> None:
        """Add the ID to the entry in the file if the reply with the secrets did not contain it."""
        if self._kept_without_id and self.resource_id:
            try:
                self.sink.identify(self._kept_without_id, self.resource_id)
            except (OSError, H444Error):
                return  # the secrets are stored under their name, and nothing else is missing
            self._kept_without_id = ""

    def follow(self, kind: str, resource_id: str, old_name: str, new_name: str | None = None) -> None:
        """Move the entry in credentials_file to the new name of its resource, or mark it as removed.

        The change itself is made, so a failure is only a warning.
        """
        try:
            self.sink.follow(kind, resource_id, old_name, new_name)
        except (OSError, H444Error) as error:
            change = "was renamed to %s/%s" % (kind, new_name) if new_name is not None else "was removed"
            self.warn(
                "%s/%s %s, but its entry in credentials_file could not be updated (%s). Its secrets are unchanged."
                % (kind, clean(old_name, 80), clean(change, 160), clean(str(error), 160))
            )

    def hold(self, what: str, row: dict[str, t.Any]) -> None:
        """Remember what was bought: every later failure reports it, and where its secrets are."""
        self.bought, self.resource_id, self.after = what, row["id"], row

    def let_go(self) -> None:
        """Undo hold: this is not what was bought."""
        self.bought, self.resource_id, self.after = "", "", self.plan.before

    def forget(self) -> None:
        """Remove the secrets of a dead resource from the result; a file keeps its own, under the ID."""
        self.let_go()
        self.secrets.clear()
        self.is_kept_in_file = False
        self.secret_lost = False

    def _brings_secret(self, planned_only: bool) -> bool:
        """Return whether the result is one of an order, a reinstall, a creation or a rotation.

        A sign-in has no one-time secret: it can begin anew.
        """
        done = self.plan.actions if planned_only or self.maybe else self.done
        return bool(self.reconciler.result_key) and (self.secret_lost or any(action.brings_secret for action in done))

    def brings_to_file(self, action: Action) -> bool:
        """Return whether a step brings a secret that is written to credentials_file."""
        return action.brings_secret and self.sink.path is not None

    def written(self, planned_only: bool) -> list[Action]:
        """Return the steps that changed something, or would."""
        planned = [action for action in self.plan.actions if not action.if_needed]
        return [action for action in (planned if planned_only else self.done) if action.writes]

    def purchase(self) -> str:
        """Return what was bought, for a failure's message."""
        return "%s was ordered. Its ID is %s." % (clean(self.bought), self.resource_id) if self.bought else ""

    def belongings(self) -> str:
        """Return what was bought and where its one-time secrets are, for the end of a failure's message."""
        parts = [self.purchase()]
        if self.secrets:
            parts.append(
                "The result of this task contains %s, which the API returns only once."
                % " and ".join(sorted(self.secrets))
            )
        if self.is_kept_in_file:
            parts.append("The one-time secrets are in credentials_file: %s." % clean(self.sink.path or "", 200))
        return " ".join(filter(None, parts))

    def result(self, planned_only: bool = False) -> dict[str, t.Any]:
        """Return the task's result; *planned_only*: in check mode, where every planned step counts as done."""
        actions = self.written(planned_only)
        found: dict[str, t.Any] = {
            "changed": bool(actions) or self.maybe,
            **({self.reconciler.result_key: self.after} if self.reconciler.result_key else self.after or {}),
            "actions": [str(action) for action in actions],
            "diff": {"before": _shown(self.plan.before), "after": _shown(self.after)},
        }
        if self.order:
            found["order"] = self.order
            _add_money(found["diff"], self.order)
        if self._brings_secret(planned_only):
            found["secret_lost"] = self.secret_lost
        if self.is_kept_in_file:
            found["credentials_file"] = self.sink.path
        found.update(self.secrets)
        return found


def _add_money(diff: dict[str, t.Any], order: t.Mapping[str, t.Any]) -> None:
    """Add the costs of an order and the wallet to a diff; otherwise only -v would show them."""
    diff["before"] = {
        **diff["before"],
        "order": {"monthly_usd_cents": 0, "wallet_usd_cents": order.get("wallet_before_usd_cents")},
    }
    costs = {name: order.get(name) for name in ("plan_slug", "due_now_usd_cents", "monthly_usd_cents")}
    diff["after"] = {**diff["after"], "order": {**costs, "wallet_usd_cents": order.get("wallet_after_usd_cents")}}


def _listed(paths: t.Sequence[str]) -> str:
    """Return the places of secrets for a message; a reply may contain too many to read."""
    more = len(paths) - MOST_NAMED
    return ", ".join(clean(path, 80) for path in paths[:MOST_NAMED]) + (" and %d more" % more if more > 0 else "")


def _shown(value: t.Any) -> t.Any:
    return {} if value is None else value


def send(api: Api, action: Action, progress: Progress) -> Answer | None:
    """Carry out an action that is one plain request.

    The deletion of a resource that is already gone, by a lost request or by somebody else, succeeds without an answer.
    """
    ids = {name: value or progress.resource_id for name, value in action.ids.items()}
    try:
        return api.request(action.endpoint, ids=ids, body=action.body)
    except NotFound:
        if action.endpoint.method != "DELETE":
            raise
        return None


def apply(api: Api, progress: Progress) -> None:
    """Carry out the plan step by step; stop at the first failure."""
    todo = list(progress.plan.actions)
    while todo:
        action = todo.pop(0)
        if action.writes:
            with Ending() as ending:
                if progress.brings_to_file(action):
                    ending.hold()
                act(api, action, progress)
        if action.until and progress.reconciler.wait is not None:
            progress.reconciler.wait(api, action, progress)
        if progress.reconciler.further is not None:
            todo[:0] = progress.reconciler.further(action, progress)


def act(api: Api, action: Action, progress: Progress) -> None:
    """Carry out one writing step. Raises: H444Error."""
    progress.spared, bought_before = False, progress.bought
    try:
        progress.reconciler.perform(api, action, progress)
    except H444Error as error:
        if progress.bought != bought_before:
            progress.done.append(action)
        progress.maybe = progress.maybe or error.may_have_happened
        raise
    finally:
        progress.identify()
    progress.maybe = False
    if not progress.spared:
        progress.done.append(action)


class Planned(t.Protocol):
    """What is planned: a Plan, or many."""

    @property
    def actions(self) -> t.Sequence[Action]:
        """Return all steps."""


SomePlan = t.TypeVar("SomePlan", bound=Planned)


def made(api: Api, plan_of: t.Callable[[Api, Params], SomePlan], params: Params) -> SomePlan:
    """Make the plan. The replies of earlier tasks may decide that nothing is to be done, but nothing else."""
    api.recall()
    try:
        plan = plan_of(api, params)
    except H444Error:
        if not api.refresh():
            raise
    else:
        if not plan.actions or not api.refresh():
            return plan
    return plan_of(api, params)


class Work(t.Protocol):
    """What a state module does. The methods are called in this order, and one that fails ends the work."""

    def plan(self, open_api: t.Callable[[], Api]) -> None:
        """Check the options, then read what is there and decide. Raises: H444Error."""

    def check(self, is_check_mode: bool) -> None:
        """Check what must hold before the first write. Raises: H444Error."""

    def pretend(self) -> None:
        """Take the plan for carried out."""

    def carry_out(self) -> None:
        """Carry the plan out. Raises: H444Error."""

    def belongings(self) -> str:
        """Return what was bought and where its one-time secrets are, for the end of a failure's message."""

    def result(self, planned_only: bool = False) -> dict[str, t.Any]:
        """Return the task's result; *planned_only*: in check mode, where every planned step counts as done."""


class _Single:
    """The work on one resource."""

    def __init__(self, module: t.Any, reconciler: Reconciler) -> None:
        self._reconciler = reconciler
        self._progress = Progress(reconciler, module.params, Sink(module.params.get("credentials_file")), module.warn)

    def plan(self, open_api: t.Callable[[], Api]) -> None:
        progress = self._progress
        progress.params = check_given(progress.params, self._reconciler.identifiers)
        self._api = open_api()
        progress.begin(made(self._api, self._reconciler.plan_of, progress.params))

    def check(self, is_check_mode: bool) -> None:
        progress, plan = self._progress, self._progress.plan
        check_unprotected(progress.params.get("protected"), plan.actions)
        for note in plan.notes + (plan.doubts if is_check_mode else ()):
            progress.warn(note)
        if any(action.brings_secret for action in plan.actions):
            progress.sink.prove(write=not is_check_mode)

    def pretend(self) -> None:
        self._progress.after = self._progress.plan.after

    def carry_out(self) -> None:
        apply(self._api, self._progress)
        self._progress.after = self._reconciler.read_back(self._api, self._progress.params, self._progress)

    def belongings(self) -> str:
        return self._progress.belongings()

    def result(self, planned_only: bool = False) -> dict[str, t.Any]:
        return self._progress.result(planned_only)


def run(module: t.Any, reconciler: Reconciler) -> None:
    """Manage one resource, and end the module with the result."""
    conduct(module, _Single(module, reconciler))


def conduct(module: t.Any, work: Work) -> None:
    """Make the plan, carry it out unless in check mode, and end the module with the result."""
    planned_only = False
    try:
        work.plan(module.api)
        work.check(module.check_mode)
        if module.check_mode:
            planned_only = True
            work.pretend()
        else:
            work.carry_out()
    except H444Error as error:
        belongings = work.belongings()
        if belongings:
            error.args = ("%s %s" % (error, belongings),)
        module.fail(error, **work.result())
    # Nothing may lose a password, not even a bug.
    except Exception as error:  # pylint: disable=broad-except
        module.crash(error, told=work.belongings(), **work.result())
    module.exit(**work.result(planned_only))
