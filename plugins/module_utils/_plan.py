# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Plans as data: the state before, the state after, and the actions between. Pure."""

from __future__ import annotations

import typing as t

from ._endpoint import Endpoint


class Action(t.NamedTuple):
    """One step. An ID "" in *ids* is that of the resource that an order of the same plan creates.

    *known_as*: every name, before and after this plan, of a resource that the step destroys or gives a *new_name*;
    None among them is a name that the API does not return. *if_needed*: whether the step is for a new resource that is
    probably as it should be without it.
    """

    verb: str
    target: str
    endpoint: Endpoint
    ids: t.Mapping[str, str]
    body: t.Mapping[str, t.Any] | None = None
    cost_usd_cents: int = 0
    destroys: bool = False
    brings_secret: bool = False
    until: t.Tuple[str, ...] = ()
    known_as: t.Tuple[t.Optional[str], ...] = ()
    new_name: t.Optional[str] = None
    if_needed: bool = False

    @property
    def orders(self) -> bool:
        """Return whether the step spends money."""
        return self.verb == "order"

    @property
    def writes(self) -> bool:
        """Return whether the step changes something; waiting does not."""
        return self.endpoint.method != "GET"

    def __str__(self) -> str:
        return "%s %s" % (self.verb, self.target)


class Plan(t.NamedTuple):
    """A decision, made in full before anything is sent.

    *notes*: warnings for the user. *doubts*: warnings of what only the real run can show, issued in check mode alone.
    *order*: the facts about a purchase, for the result.
    *wish*: what the noun needs to carry the plan out and to read the result back; for a purchase, the Order.
    """

    before: t.Any
    after: t.Any
    actions: t.Tuple[Action, ...] = ()
    notes: t.Tuple[str, ...] = ()
    order: t.Any = None
    doubts: t.Tuple[str, ...] = ()
    wish: t.Any = None


Step = t.Tuple[Action, t.Mapping[str, t.Any]]
"""an action, and the fields of the resource that it changes"""


def in_steps(before: t.Mapping[str, t.Any], steps: t.Iterable[Step | None], notes: t.Iterable[str] = ()) -> Plan:
    """Return the plan with these steps; None is a step that is not needed."""
    needed = [step for step in steps if step is not None]
    after = dict(before)
    for _action, changed in needed:
        after.update(changed)
    return Plan(before, after, tuple(action for action, _changed in needed), tuple(notes))


def same(value: t.Any, notes: t.Tuple[str, ...] = ()) -> Plan:
    """Return the plan that does nothing."""
    return Plan(value, value, (), notes)


def laid_over(known: t.Mapping[str, t.Any], row: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """Return the known values, replaced by those that the API returned; what it left out stays."""
    return {**known, **{field: value for field, value in (row or {}).items() if value is not None}}
