# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Idempotency-Keys: a request that is sent again with the same key gets the first reply, and nothing is bought twice.

Whoever carries out a request takes the account's lock only for moments: an order may take its time, and what a second
request with its key gets meanwhile is one of the open points.
"""

from __future__ import annotations

import copy
import hashlib
import time

from . import hosting, servers, shapes
from .account import Account, Route
from .calls import Answer, Call, No, Reply, Request, Row

PASSWORDS = ("root_password", "sftp_password", "db_password")
DAY_SECONDS = 86400


def carry_out(account: Account, route: Route, call: Call, request: Request) -> Reply:
    """Run a request's handler, or give the reply that its Idempotency-Key had already. Raises No."""
    key = request.headers.get("idempotency-key")
    if not key:
        return route.handler(account, call)
    name = f"{request.method} {request.path}"
    index = _index(account, call, name, key)
    digest = hashlib.sha256(request.body).hexdigest()
    while True:
        with account.lock:
            record = _known(account, index)
            if record is not None and record["reply"] is not None:
                replay = _replay(account, route, record, digest)
                if replay is not None:
                    return replay
                record = None
            if record is None:
                record = {"at": account.now(), "digest": digest, "reply": None, "key": key, "name": name}
                account.orders[index] = record
                break
            if account.assume["in_flight"] == "race":
                break
            if account.assume["in_flight"] == "conflict":
                raise No(409, "A request with this Idempotency-Key is in progress.")
        time.sleep(0.05)
    return _recorded(account, route, call, index, record)


def _index(account: Account, call: Call, name: str, key: str) -> str:
    """Give what a record is kept under. Raises No."""
    if len(key) > 255:
        raise No(400, "An Idempotency-Key has 1 to 255 characters.")
    return "%s %s %s" % (call.api_key if account.assume["key_scope"] == "key" else "", name, key)


def _known(account: Account, index: str) -> Row | None:
    """Give the record of a key that has not expired."""
    record = account.orders.get(index)
    if record is None:
        return None
    is_order = record["name"] in ("POST /vps", "POST /hosting")
    lives = account.assume["key_window_seconds"] if is_order else DAY_SECONDS
    return record if account.now() - record["at"] < lives else None


def _recorded(account: Account, route: Route, call: Call, index: str, record: Row) -> Reply:
    """Run the handler and keep its reply for the key. Raises No."""
    try:
        status, plain = route.handler(account, call)
    except No as no:
        stores = account.assume["store_failures"]
        with account.lock:
            if stores == "all" or (stores == "4xx" and no.status < 500):
                record["reply"] = {"no": [no.status, no.message]}
            else:
                account.orders.pop(index, None)
        raise
    except Exception:
        with account.lock:
            account.orders.pop(index, None)
        raise
    with account.lock:
        record["reply"] = {"status": status, "plain": copy.deepcopy(plain)}
    return status, plain


def _replay(account: Account, route: Route, record: Row, digest: str) -> Reply | None:
    """Answer a key that was used before; None: it orders anew. Raises No."""
    if record["digest"] != digest and not _takes_another_body(account):
        return None
    reply = record["reply"]
    if "no" in reply:
        raise No(*reply["no"])
    plain = copy.deepcopy(reply["plain"])
    if route.kind == "ticket_write":
        return reply["status"], plain
    if not _brought_up_to_date(account, route, plain):
        return None
    if account.assume["replay_body"] == "no_password":
        for name in PASSWORDS:
            plain.pop(name, None)
    header = account.assume["replay_header"]
    # A replay may lack what the contract asks of a first reply, so it is shaped here and not validated.
    return reply["status"], Answer(
        account.assume["order_status"] if reply["status"] == 201 else reply["status"],
        {} if header == "none" else {header: "true"},
        shapes.shaped(route.kind, plain, account.assume),
    )


def _takes_another_body(account: Account) -> bool:
    """Say whether a key is replayed for another body; False: such a body orders anew. Raises No."""
    mismatch = account.assume["mismatch"]
    if mismatch in ("replay", "new"):
        return mismatch == "replay"
    raise No(int(mismatch), "This Idempotency-Key was used with another body.")


def _brought_up_to_date(account: Account, route: Route, plain: Row) -> bool:
    """Change a stored reply to what is there by now, where the switches say so; False: it is void. Raises No."""
    noun, rows = (servers, account.servers) if route.kind == "vps_order" else (hosting, account.hosting)
    row = rows.get(plain.get("id", ""))
    if row is None:
        return True
    if row["alive"]:
        if account.assume["replay_body"] == "current":
            plain.update(noun.shown(account, row))
        return True
    dead = account.assume["dead_replay"]
    if dead == "gone":
        raise No(410, "The resource of this order no longer exists.")
    if dead == "current":
        plain["status"] = "terminated"
    return dead != "new"
