# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source for ansible-rulebook: the changes of an account, found by reading it again and again."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import sys
import threading
import time
import types
import typing as t
from pathlib import Path

DOCUMENTATION = r"""
---
short_description: Receive events when a 444Host account changes, without an open port
description:
  - Reads the account in rounds, and fires an event for each change between two readings. Use this source if
    444Host can't reach the machine of ansible-rulebook. If it can, C(h444.cloud.webhook) is faster, and misses nothing.
  - An event has the same form as one of the source C(h444.cloud.webhook), so that a rulebook works with both.
    C(event.type) is the type. C(event.data) contains the fields of the event in snake_case, and IDs are strings.
    C(event.payload.before) and C(event.payload.after) contain the resource at both readings, or null.
    C(event.meta.delivery_id) is different for each event. C(event.meta.received_at) is the time of the reading.
    C(event.meta.signed_at) is null, because nothing is signed.
  - A round takes at most 6 requests. They share the rate limit of the key with the modules on the same machine. Domains
    are read once an hour. If everything is read, including the wallet, this takes a seventh request, and one list then
    waits for the next round. A list that comes in pages may take several rounds.
  - The first reading fires no event, except V(domain.expiring) and V(wallet.low), which report a state. Without
    O(state_file), each start of the source begins with a first reading.
  - A list that can't be read, or that is incomplete, changes nothing. A server is terminated if neither the list of
    servers nor the list of addresses shows it, and the API does not find it by its ID either. After each reading, at
    most three servers are looked up in this way. If many are terminated at once, the others wait for the next rounds.
  - Some things can't be seen in this way. A reboot is not visible. A reinstall is visible if the template has changed,
    or if a reading shows the server while it is being provisioned. Of several changes of one resource between two
    readings, only their outcome is visible, so a server that was stopped and started again fires nothing. A resource
    that was made and removed between two readings is not visible. A reply to a ticket is visible if the ticket is
    answered afterwards. A ticket that is not closed, and shows another time while it is answered, counts as answered
    again.
  - The key needs the read scopes of the events. If a scope is missing, the source ends if O(events) names the event.
    Otherwise, it logs a warning, and does without these events.
requirements:
  - requests >= 2.28
options:
  api_key:
    description:
      - The API key. The default is the environment variable E(H444_API_KEY).
    type: str
    required: true
  api_url:
    description:
      - The base URL of the API. The environment variable is E(H444_API_URL).
    type: str
    default: https://api.444host.com/v1
  api_timeout:
    description:
      - The timeout of a request, in seconds. The environment variable is E(H444_API_TIMEOUT).
    type: int
    default: 30
  api_retries:
    description:
      - How often a failed request is sent again. The environment variable is E(H444_API_RETRIES).
    type: int
    default: 5
  rate_limit:
    description:
      - The requests per minute that all processes on this machine send with this key. The environment variable is
        E(H444_RATE_LIMIT).
    type: int
    default: 120
  validate_certs:
    description:
      - Whether to validate the TLS certificate of the API. The environment variable is E(H444_VALIDATE_CERTS).
    type: bool
    default: true
  ca_path:
    description:
      - A file or directory with CA certificates. The environment variable is E(H444_CA_PATH).
    type: path
  interval:
    description:
      - The seconds from one round to the next. Each one is up to 10% shorter or longer. The minimum is 5, and the
        maximum is 86400.
    type: int
    default: 60
  events:
    description:
      - The types of the events to fire. Only what they need is read.
      - The default is all events. V(wallet.low) requires O(balance_below_usd_cents).
    type: list
    elements: str
    choices: [vps.created, hosting.created, invoice.paid, vps.power.changed, vps.reinstalled, vps.ptr.changed,
              vps.terminated, ticket.created, ticket.replied, domain.expiring, wallet.low]
  expires_in_days:
    description:
      - Fires V(domain.expiring) when a domain expires in so many days, once for each number. If a domain has reached
        several of them, one event is fired, for the smallest. A renewed domain can fire again.
      - An empty list fires no such event.
    type: list
    elements: int
    default: [30, 7, 1]
  balance_below_usd_cents:
    description:
      - Fires V(wallet.low) when the balance of the wallet falls below this amount, once until it was higher again.
    type: int
  state_file:
    description:
      - A file that keeps what is known of the account, so that a restart fires nothing twice, and reports what changed
        in the meantime. It is created with mode 0600, contains no secret, and belongs to one account and one running
        source. The directory must exist. The file with the suffix C(.lock) beside it is its lock.
      - An event is in the file before it is queued, and counts as fired once ansible-rulebook has taken it. If the
        process is killed between these two, the event is fired again after the restart, with the same
        C(event.meta.delivery_id). No event is lost up to this point. A rule that was running when the process was
        killed is not run again.
      - Requires the scope C(account:read).
    type: path
"""

EXAMPLES = r"""
- name: React to changes of the account
  hosts: localhost
  sources:
    - h444.cloud.changes:
        api_key: "{{ h444_api_key }}"
        state_file: /var/lib/rulebook/h444-changes.json
        balance_below_usd_cents: 2000
  rules:
    - name: Set up a new server
      condition: event.type == "vps.created"
      action:
        run_playbook:
          name: set_up.yml
          extra_vars:
            vps_id: "{{ event.data.vps_id }}"
            vps_address: "{{ event.data.ipv4 }}"

    - name: Remind of a domain that expires soon
      condition: event.type == "domain.expiring"
      action:
        print_event:
          var_root: data

# Only what costs money, every five minutes
- name: Watch the money
  hosts: localhost
  sources:
    - h444.cloud.changes:
        interval: 300
        events: [invoice.paid, wallet.low]
        balance_below_usd_cents: 2000
  rules:
    - name: Warn before the wallet is empty
      condition: event.type == "wallet.low"
      action:
        run_playbook:
          name: warn.yml
"""

OWN_ARGUMENTS = ("interval", "events", "expires_in_days", "balance_below_usd_cents", "state_file")
INTERVAL_SECONDS, SHORTEST_INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS = 60, 5, 86400
PACKAGE = "h444_cloud_event_source_changes"
LOG = logging.getLogger("h444.cloud.changes")


def library(name: str) -> t.Any:
    """Import one of the collection's module_utils.

    ansible-rulebook runs this file by its path, where ansible_collections can't be imported, or is another one.
    The module_utils import each other relatively, so they can be a package of any name.
    """
    if PACKAGE not in sys.modules:
        folder = Path(__file__).resolve().parents[4] / "plugins" / "module_utils"
        if not (folder / "_watch.py").is_file():
            raise RuntimeError(
                "The event source h444.cloud.changes is a part of its collection, and does not work as a copy. Install "
                "the collection h444.cloud, and use h444.cloud.changes as the name of the source."
            )
        package = types.ModuleType(PACKAGE)
        package.__path__ = [str(folder)]
        sys.modules[PACKAGE] = package
    return importlib.import_module("%s.%s" % (PACKAGE, name))


def tell(level: str, text: str) -> None:
    """Log a sentence."""
    LOG.log(logging.WARNING if level == "warning" else logging.INFO, text)


def open_watcher(args: t.Any, stop: threading.Event, closers: list[t.Callable[[], None]]) -> t.Any:
    """Return the watcher that these arguments mean. *closers*: gets what closes it. Raises: H444Error."""
    changes, client, watch = library("_changes"), library("_client"), library("_watch")
    if library("_transport").REQUESTS_IMPORT_ERROR is not None:
        raise library("_errors").BadOption(
            "The Python library requests is missing. Install it for %s, the Python of ansible-rulebook."
            % sys.executable
        )
    given = library("_arguments").Arguments(args, os.environ, OWN_ARGUMENTS)
    interval = given.number("interval", SHORTEST_INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS) or INTERVAL_SECONDS
    settings = changes.settings_of(
        given.texts("events"), given.numbers("expires_in_days"), given.number("balance_below_usd_cents", 1)
    )
    path = given.path("state_file")

    def pause(seconds: float) -> None:
        if stop.wait(seconds):
            raise watch.Stopped

    rounds: list[t.Any] = []

    def make(*place: t.Any, pacer: t.Any, **options: t.Any) -> t.Any:
        rounds.append(watch.Rounds(pacer, interval, clock=time.monotonic, pause=pause))
        return client.Client(*place, pacer=rounds[0], sleep=pause, **options)

    api = client.open_client(given.api(), "h444.cloud.changes", make=make)
    closers.append(api.close)
    store = None
    if path:
        store = library("_state_file").StateFile(path)
        closers.append(store.close)
    return watch.Watcher(api, rounds[0], settings, store=store, tell=tell, clock=time.monotonic, wall_clock=time.time)


async def in_thread(work: t.Callable[[], None]) -> None:
    """Do blocking work in a thread.

    A daemon, unlike those of asyncio.to_thread: the end of the process does not wait for a reply of the API.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if not done.cancelled():
            done.set_result(None) if error is None else done.set_exception(error)

    def run() -> None:
        error = None
        try:
            work()
        except BaseException as exc:  # pylint: disable=broad-except
            error = exc
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="h444.cloud.changes", daemon=True).start()
    await done


async def watch_account(queue: t.Any, watcher: t.Any) -> None:
    """Read the account step by step, and queue the events. Raises: H444Error, RuntimeError for a bug of ours."""
    errors = library("_errors")
    while True:
        try:
            await in_thread(watcher.step)
        except errors.H444Error:
            raise
        except Exception as error:  # pylint: disable=broad-except
            raise RuntimeError(errors.mistake_text(error)) from None
        # The file is written here and not in the thread, which may outlive a source that was stopped.
        watcher.keep()
        for event in watcher.unsent:
            await queue.put(event)
            watcher.note_sent()  # nothing is awaited since, so that no shutdown comes in between


async def main(queue: t.Any, args: t.Any) -> None:
    """Run the source until it is cancelled. Raises: RuntimeError with a sentence, without the key."""
    stop, closers = threading.Event(), []
    errors = library("_errors")
    try:
        watcher = open_watcher(args, stop, closers)
        await watch_account(queue, watcher)
    except errors.H444Error as error:
        raise RuntimeError(str(error)) from None
    finally:
        stop.set()
        for close in closers:
            close()
