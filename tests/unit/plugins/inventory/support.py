# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers for tests of the inventory plugin: an API that answers whatever it is told, and ways to run the plugin."""

from __future__ import annotations

import http.server
import importlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import typing as t

import yaml
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, inventory_loader

import ansible_collections.h444.cloud.plugins as _plugins

KEY = "h444_test_key_0000000000000001"
OTHER_KEY = "h444_test_key_0000000000000002"
PLUGIN = "h444.cloud.h444"
ROOT = pathlib.Path(next(iter(_plugins.__path__))).parents[3]
"""The directory that holds ansible_collections."""


def _let_core_find_the_collection() -> None:
    """Install core's collection loader, as every command does, also where the tests were imported without it."""
    init_plugin_loader([str(ROOT)])
    package = sys.modules["ansible_collections.h444.cloud"]
    if not hasattr(package, "_collection_meta"):
        for name in ("ansible_collections", "ansible_collections.h444", "ansible_collections.h444.cloud"):
            del sys.modules[name]
        importlib.import_module("ansible_collections.h444.cloud")


_let_core_find_the_collection()


class Api:
    """A server on this machine. Every request is noted as (path, authorization)."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.replies: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.by_key: dict[str, dict[str, bytes]] = {}
        self.silent = False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16

            def do_GET(self) -> None:
                bearer = self.headers.get("Authorization", "")
                outer.requests.append((self.path, bearer))
                if outer.silent:
                    # Longer than any time-out in these tests.
                    threading.Event().wait(5)
                status, headers, body = outer.replies.get(
                    self.path, (404, {}, b'{"statusCode":404,"message":"Cannot GET","error":"Not Found"}')
                )
                body = outer.by_key.get(bearer.removeprefix("Bearer "), {}).get(self.path, body)
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = "http://127.0.0.1:%d" % self._server.server_port
        self.url = self.origin + "/v1"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def serve(self, vps: t.Any, all_ips: t.Any = None) -> None:
        """Answer with these servers; their addresses are made from ``ipv4`` unless they are given."""
        if all_ips is None:
            all_ips = [
                {
                    "id": row["id"],
                    "label": row.get("label"),
                    "ips": [address(row["ipv4"], True)] if row.get("ipv4") else [],
                }
                for row in vps
                if isinstance(row, dict) and "id" in row
            ]
        self.answer("/v1/vps", vps)
        self.answer("/v1/vps/all-ips", all_ips)

    def answer(self, path: str, body: t.Any, status: int = 200, **headers: str) -> None:
        """Set one answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.replies[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, data)

    @property
    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [path for path, _bearer in self.requests]


def address(ip: str, primary: bool = False, ptr: str | None = None) -> dict[str, t.Any]:
    """Make a row of an address as the documentation shows it."""
    return {
        "ip": ip,
        "primary": primary,
        "gateway": "10.0.0.1",
        "netmask": "255.255.255.0",
        "ptr": ptr,
        "zoneHosted": True,
    }


def vps(number: int, label: t.Any = None, **given: t.Any) -> dict[str, t.Any]:
    """Make a row of a server."""
    row = {
        "id": "id-%d" % number,
        "label": label,
        "hostname": None,
        "status": "running",
        "plan_slug": "vps-2",
        "ipv4": "10.0.%d.%d" % (number >> 8, number & 255),
        "os_family": "ubuntu",
        "os_template": "ubuntu-22.04",
        "created_at": "2026-01-01T00:00:00.000Z",
    }
    return {**row, **given}


def write(folder: pathlib.Path, name: str = "test.h444.yml", **options: t.Any) -> pathlib.Path:
    """Write a configuration file."""
    path = folder / name
    content = {"plugin": PLUGIN, "rate_limit": 0, "api_retries": 0, **options}
    path.write_text(
        yaml.safe_dump({key: value for key, value in content.items() if value is not None}), encoding="utf-8"
    )
    return path


def read(path: pathlib.Path, inventory: t.Any = None, cache: bool = True) -> InventoryData:
    """Run the plugin in this process."""
    plugin = inventory_loader.get(PLUGIN)
    inventory = inventory or InventoryData()
    inventory.current_source = str(path)
    assert plugin.verify_file(str(path))
    plugin.parse(inventory, DataLoader(), str(path), cache=cache)
    plugin.update_cache_if_changed() if plugin.get_option("cache") else None
    inventory.reconcile_inventory()
    return inventory


class Ran(t.NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> t.Any:
        """The output as JSON."""
        return json.loads(self.out)

    @property
    def hostvars(self) -> t.Any:
        """The variables in the output of ``--list``."""
        return self.json["_meta"]["hostvars"]


def environment(folder: pathlib.Path, **more: str) -> dict[str, str]:
    """Give an environment without anybody's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "H444_", "H4_"))}
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        kept.pop(name, None)
    return {
        **kept,
        "HOME": str(folder),
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "COLUMNS": "100000",
        **more,
    }


def run(folder: pathlib.Path, command: str, *arguments: t.Any, **more: str) -> Ran:
    """Run one of Ansible's commands."""
    tool = pathlib.Path(sys.executable).with_name(command)
    done = subprocess.run(
        [sys.executable, str(tool), *map(str, arguments)],
        env=environment(folder, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def one_line(text: str) -> str:
    """Give a text whose lines core has folded as one line."""
    return " ".join(text.split())


def free_port() -> int:
    """Give a port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
