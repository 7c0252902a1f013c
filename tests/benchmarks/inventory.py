# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the inventory plugin with a static script and with a plain Constructable plugin, side by side.

All three give the same hosts, variables and groups. The static script prints prepared JSON: what ansible-core itself
needs, and what a file would cost. The plain plugin is written as most inventory plugins are. Each figure is the median
of interleaved rounds, each run a process of its own. Seconds are those of the processor, children included, so that a
busy machine does not change them much; they belong to one machine all the same, so compare the ratios.

    python tests/benchmarks/inventory.py                      # 1000, 5000 and 10000 servers
    python tests/benchmarks/inventory.py --sizes 200 --rounds 1
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import typing as t

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
KEY = "h444_benchmark_key_0001"

CONFIGURATION = """\
plugin: {plugin}
api_url: {url}
api_key: {key}
rate_limit: 0
keyed_groups:
  - key: h444_status
    prefix: status
  - key: h444_plan_slug
    prefix: plan
compose:
  service_name: h444_label ~ '.service'
groups:
  up: h444_status == 'running'
"""

PLAIN_PLUGIN = '''
"""An inventory plugin as most are: core does everything, host by host."""
from __future__ import annotations

import json

from ansible.module_utils.urls import open_url
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable

DOCUMENTATION = """
name: plain
short_description: A plain Constructable plugin
description: For comparison.
extends_documentation_fragment: [constructed]
options:
  plugin: {description: Name., required: true}
  api_url: {description: URL., type: str}
  api_key: {description: Key., type: str}
  rate_limit: {description: Unused., type: int}
"""


class InventoryModule(BaseInventoryPlugin, Constructable):
    NAME = "plain"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith("plain.yml")

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        url = self.get_option("api_url")
        servers = json.load(open_url(url + "/vps"))
        ips = {entry["id"]: entry["ips"] for entry in json.load(open_url(url + "/vps/all-ips"))}
        inventory.add_group("h444")
        for server in servers:
            name = server["label"]
            inventory.add_host(name, group="h444")
            for key, value in server.items():
                inventory.set_variable(name, "h444_" + key, value)
            names = {"zoneHosted": "zone_hosted"}
            rows = [{names.get(key, key): item for key, item in row.items()} for row in ips[server["id"]]]
            inventory.set_variable(name, "h444_ips", rows)
            inventory.set_variable(name, "h444_ptr", rows[0]["ptr"])
            inventory.set_variable(name, "h444_ipv6", rows[1]["ip"])
            inventory.set_variable(name, "ansible_host", server["ipv4"])
            variables = inventory.get_host(name).get_vars()
            strict = self.get_option("strict")
            self._set_composite_vars(self.get_option("compose"), variables, name, strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict)
'''

# Prints: seconds, hosts, groups, memberships, peak KiB
PARSE_ONLY = """
import resource, sys
from ansible import context
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([])
context.CLIARGS = ImmutableDict()
loader = DataLoader()
def spent():
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))
began = spent()
manager = InventoryManager(loader=loader, sources=[sys.argv[1]])
seconds = spent() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
members = sum(len(group.hosts) for group in manager.groups.values())
print(seconds, len(manager.hosts), len(manager.groups), members, peak)
"""

LISTING = """
import resource, subprocess, sys
with open(sys.argv[1], "w") as out:
    done = subprocess.run(sys.argv[2:], stdout=out)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(done.returncode)
"""


def make_replies(size: int) -> tuple[bytes, bytes]:
    """Give the two replies for a fleet: /vps and /vps/all-ips."""
    states = ("running", "running", "running", "stopped", "suspended")
    servers, addresses = [], []
    for place in range(size):
        server_id = "%08x-5f3a-4c1e-9b7d-%012x" % (place * 2654435761 % 2**32, place)
        label = "%s-%s-%d" % (("web", "db", "mail", "cache")[place % 4], ("prod", "stage")[place % 3 == 0], place)
        ipv4 = "10.%d.%d.%d" % (place >> 16, place >> 8 & 255, place & 255)
        plan = place % 4 + 1
        servers.append(
            {
                "id": server_id,
                "label": label,
                "hostname": label + ".example.com",
                "status": states[place % 5],
                "plan_slug": "vps-%d" % plan,
                "ipv4": ipv4,
                "os_family": "ubuntu",
                "os_template": "ubuntu-22.04",
                "specs": {"vcpu": plan, "ram_mb": 2048 * plan, "disk_gb": 30 * plan},
                "created_at": "2026-%02d-%02dT%02d:%02d:%02d.000Z"
                % (place % 12 + 1, place % 28 + 1, place % 24, place % 60, place % 59),
            }
        )
        ptr = label + ".example.com" if place % 7 else None
        first = {
            "ip": ipv4,
            "primary": True,
            "gateway": "10.0.0.1",
            "netmask": "255.0.0.0",
            "ptr": ptr,
            "zoneHosted": True,
        }
        second = {
            "ip": "2001:db8::%x" % (place + 1),
            "primary": False,
            "gateway": "2001:db8::",
            "netmask": None,
            "ptr": None,
            "zoneHosted": False,
        }
        addresses.append({"id": server_id, "label": label, "ips": [first, second]})
    return json.dumps(servers).encode(), json.dumps(addresses).encode()


class Api:
    """A server on this machine without latency that counts its requests."""

    def __init__(self, size: int) -> None:
        vps, all_ips = make_replies(size)
        self.requests = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body in one write: two would wait for each other's acknowledgement, 40 ms each.
            wbufsize = 1 << 16

            def do_GET(self) -> None:
                outer.requests += 1
                body = {"/v1/vps": vps, "/v1/vps/all-ips": all_ips}.get(self.path, b"{}")
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/v1" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


class Figures(t.NamedTuple):
    """What one run cost."""

    seconds: float
    peak_mib: float
    requests: int
    shape: tuple[int, ...]


class Bench:
    """The three inventories at one size."""

    def __init__(self, size: int, folder: pathlib.Path, collections: pathlib.Path) -> None:
        self.folder = folder
        self.api = Api(size)
        plugins = folder / "inventory_plugins"
        plugins.mkdir()
        (plugins / "plain.py").write_text(PLAIN_PLUGIN, encoding="utf-8")
        self.environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_INVENTORY_PLUGINS": str(plugins),
            "ANSIBLE_INVENTORY_ENABLED": "h444.cloud.h444,plain,script",
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
            "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "ANSIBLE_HOME": str(folder / "home"),
            "NO_PROXY": "127.0.0.1",
        }
        ours, plain, static = folder / "ours.h444.yml", folder / "plain.yml", folder / "static.sh"
        ours.write_text(CONFIGURATION.format(plugin="h444.cloud.h444", url=self.api.url, key=KEY), encoding="utf-8")
        plain.write_text(CONFIGURATION.format(plugin="plain", url=self.api.url, key=KEY), encoding="utf-8")
        self.sources = {"h444.cloud.h444": ours, "static script": static, "plain Constructable": plain}
        self.list(ours, folder / "static.json")
        static.write_text("#!/bin/sh\nexec cat '%s'\n" % (folder / "static.json"), encoding="utf-8")
        static.chmod(0o755)

    def close(self) -> None:
        """Stop the server."""
        self.api.close()

    def _run(self, command: list[str]) -> list[str]:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            raise SystemExit("%s failed:\n%s" % (command, done.stderr))
        return done.stdout.split()

    def list(self, source: pathlib.Path, out: pathlib.Path | None = None) -> Figures:
        """Run ansible-inventory --list."""
        self.api.requests = 0
        tool = pathlib.Path(sys.executable).with_name("ansible-inventory")
        command = [sys.executable, "-c", LISTING, str(out or os.devnull), str(tool), "-i", str(source), "--list"]
        seconds, peak = self._run(command)
        return Figures(float(seconds), int(peak) / 1024, self.api.requests, ())

    def parse(self, source: pathlib.Path) -> Figures:
        """Read the inventory and nothing else, as every ansible-playbook does."""
        self.api.requests = 0
        seconds, *shape, peak = self._run([sys.executable, "-c", PARSE_ONLY, str(source)])
        return Figures(float(seconds), int(peak) / 1024, self.api.requests, tuple(map(int, shape)))


def measure(size: int, rounds: int, collections: pathlib.Path, with_plain: bool) -> list[str]:
    """Give the rows of the table for one size."""
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(size, pathlib.Path(name), collections)
        try:
            found: dict[tuple[str, str], list[Figures]] = {}
            for _round in range(rounds):
                for label, source in bench.sources.items():
                    if label.startswith("plain") and not with_plain:
                        continue
                    found.setdefault(("parse", label), []).append(bench.parse(source))
                    found.setdefault(("list", label), []).append(bench.list(source))
        finally:
            bench.close()
    shapes = {figures.shape for (kind, _label), runs in found.items() if kind == "parse" for figures in runs}
    if len(shapes) != 1:
        raise SystemExit("The inventories differ in (hosts, groups, memberships): %s" % shapes)
    rows = []
    base = {kind: statistics.median(run.seconds for run in found[kind, "static script"]) for kind in ("parse", "list")}
    base_peak = statistics.median(run.peak_mib for run in found["list", "static script"])
    for label in bench.sources:
        if ("parse", label) not in found:
            continue
        parse = statistics.median(run.seconds for run in found["parse", label])
        listing = statistics.median(run.seconds for run in found["list", label])
        peak = statistics.median(run.peak_mib for run in found["list", label])
        requests = {run.requests for kind in ("parse", "list") for run in found[kind, label]}
        rows.append(
            "| %6d | %-19s | %7.2f s | %5.2f | %7.2f s | %5.2f | %8s | %5.0f MiB | %4.2f |"
            % (
                size,
                label,
                listing,
                listing / base["list"],
                parse,
                parse / base["parse"],
                max(requests),
                peak,
                peak / base_peak,
            )
        )
    return rows


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 10000], help="numbers of servers")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, of which the median counts")
    parser.add_argument(
        "--collections", type=pathlib.Path, help="the directory that holds ansible_collections/h444/cloud"
    )
    parser.add_argument("--no-plain", action="store_true", help="leave out the slow plain plugin")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        collections = options.collections
        if collections is None:
            collections = pathlib.Path(name)
            (collections / "ansible_collections" / "h444").mkdir(parents=True)
            (collections / "ansible_collections" / "h444" / "cloud").symlink_to(REPOSITORY, target_is_directory=True)
        print(
            "| servers | inventory | `--list` | × static | parse only | × static | requests | peak of `--list` "
            "| × static |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for size in options.sizes:
            for row in measure(size, options.rounds, collections.resolve(), not options.no_plain):
                print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
