# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the simulator: python -m tests.simulator, or python tests/simulator."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import typing as t
from pathlib import Path

if not __package__:
    import runpy

    sys.path[0] = str(Path(__file__).resolve().parents[1])
    try:
        runpy.run_module("simulator", run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:  # while it was starting
        sys.exit(130)
    sys.exit(0)

from . import assumed, conformance, manifest, scenarios
from .account import FULL_KEY, READ_KEY
from .core import Core
from .courier import Courier
from .sandbox import Missing
from .server import Simulator

EXAMPLES = f"""
what it is:
  The whole API of 444Host on this machine, with an account that owns a wallet of 100 dollars. Nothing is bought for
  real.

point a playbook or the inventory at it:
  export H444_API_URL=http://127.0.0.1:18444/v1
  export H444_API_KEY={FULL_KEY}
  ansible-playbook site.yml
  ({READ_KEY} can only read.)

examples:
  python tests/simulator                                   plain replies, on port 18444
  python tests/simulator --preset wrapped --port 8444      camelCase, everything under "data"
  python tests/simulator --assume dead_replay=gone         one open point answered another way
  python tests/simulator --scenario agency                 an account with 60 servers
  python tests/simulator --manifest account.yml            a copy of your own account
  python tests/simulator --balance 500                     a wallet of 5 dollars
  python tests/simulator --state account.json              the account survives a restart
  python tests/simulator --ssh                             one can log in to the servers
  python tests/simulator --mcp                             the account answers MCP too

scenarios:
{scenarios.table()}

the control API (POST JSON to /_sim/...): seed, faults, advance, assume, reset, staff_reply, oauth/approve, oauth/deny;
GET journal, state, assumptions, overview. http://127.0.0.1:PORT/ shows the account and each request in a browser.
tests/simulator/README.md says more.
"""


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="simulator",
        description="Plays the API of 444Host on 127.0.0.1.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=int, default=18444, help="the port to listen on; 0 takes a free one (default: 18444)"
    )
    parser.add_argument(
        "--preset", choices=list(assumed.PRESETS), help="a set of assumptions (default: plain, or what --state holds)"
    )
    parser.add_argument(
        "--scenario",
        choices=list(scenarios.SCENARIOS),
        help="the account to begin with, see below (default: empty, or what --state holds)",
    )
    parser.add_argument(
        "--manifest",
        type=Path,
        metavar="FILE",
        help="begin with the account of a document, which the playbook h444.cloud.export wrote, and with the plans, "
        "prices, templates, wallet and addresses of the file beside it, such as account.rehearsal.json",
    )
    parser.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="answer one open point in another way; may be repeated",
    )
    parser.add_argument(
        "--list-assumptions", action="store_true", help="show every open point with its values, and end"
    )
    parser.add_argument(
        "--rate-limit", type=int, default=120, help="requests a minute for each key; 0 is no limit (default: 120)"
    )
    parser.add_argument(
        "--balance",
        type=int,
        metavar="CENTS",
        help="what the wallet holds, in US cents (default: what the scenario, --manifest or --state holds)",
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep the account in this file, so that it survives a restart"
    )
    parser.add_argument(
        "--deliver-to", metavar="URL", help="send every webhook delivery to this URL of this machine instead of its own"
    )
    parser.add_argument(
        "--ssh",
        dest="ssh_port",
        action="store_const",
        const=22,
        help="each server takes logins at its address, which is one of 127.44.0.0/16, on port 22",
    )
    parser.add_argument("--ssh-port", type=int, metavar="N", help="as --ssh, on another port than 22")
    parser.add_argument(
        "--mcp", action="store_true", help="answer MCP (Streamable HTTP) at /mcp too, with the keys of the API"
    )
    parser.add_argument("--no-validate", action="store_true", help="do not hold replies against the contract")
    found = parser.parse_args(given)
    if not 0 <= found.port <= 65535:
        parser.error("--port is a number from 0 to 65535")
    if found.ssh_port is not None and not 1 <= found.ssh_port <= 65535:
        parser.error("--ssh-port is a number from 1 to 65535")
    if found.rate_limit < 0:
        parser.error("--rate-limit is a number from 0")
    if found.balance is not None and not 0 <= found.balance <= 10**9:
        parser.error("--balance is a number of US cents from 0 to 1000000000")
    if found.manifest and found.scenario:
        parser.error("--manifest and --scenario both say what the account begins with; choose one")
    found.switches = assumed.preset(found.preset) if found.preset else {}
    for item in found.assume:
        name, equals, value = item.partition("=")
        try:
            if not equals:
                raise ValueError(f"--assume takes NAME=VALUE, not {item}")
            found.switches[name] = assumed.check(name, value)
        except ValueError as exc:
            parser.error(str(exc))
    return found


def main(given: list[str]) -> int:
    """Serve until interrupted."""
    options = arguments(given)
    if options.list_assumptions:
        print(assumed.table())
        return 0
    core = Core(
        options.switches,
        rate_limit=options.rate_limit,
        balance_usd_cents=options.balance,
        scenario=options.scenario or "empty",
    )
    try:
        resumed = resume(core, options)
    except ValueError as exc:
        return refuse(f"{options.state} can't be read: {exc}")
    if options.manifest and not resumed:
        try:
            core.document = manifest.read(options.manifest)
        except ValueError as exc:
            return refuse(f"{options.manifest} can't be used: {exc}.")
        core.reset()
    try:
        server = Simulator(
            options.port, core, options.state, terminal=None if sys.stderr is None else sys.stderr.fileno()
        )
    except OSError as exc:
        return refuse(f"port {options.port} can't be used ({exc.strerror}); choose another one with --port.")
    try:
        server.write_state()
    except OSError as exc:
        return refuse(
            f"{options.state} can't be written ({exc.strerror}); --state takes a file in a folder that is there."
        )
    is_checked = not options.no_validate and conformance.attach(core)
    Courier(core, options.deliver_to).start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with contextlib.ExitStack() as stack:
            if options.ssh_port:
                stack.enter_context(logins(server, options, resumed))
            if options.mcp:
                stack.enter_context(second_door(server))
            # In one piece: whoever has read the first line may go away.
            sys.stdout.write(banner(server.origin, options, resumed, is_checked))
            sys.stdout.flush()
            server.serve_forever()
    except Missing as exc:
        return refuse(str(exc))
    except KeyboardInterrupt:
        pass
    server.save()
    return 0


@contextlib.contextmanager
def logins(server: Simulator, options: argparse.Namespace, resumed: bool) -> t.Iterator[None]:
    """Let people log in to the servers. Raises Missing with a sentence."""
    try:
        from .ssh import Fleet
    except ImportError as exc:
        raise Missing(
            f"--ssh needs AsyncSSH ({exc}); install it: pip install -r tests/simulator/requirements-ssh.txt."
        ) from None
    kept = options.state.with_name(options.state.name + ".servers") if options.state else None
    with contextlib.closing(Fleet(server.core, options.ssh_port, kept, server.tell)) as fleet:
        server.core.address, server.core.settle = fleet.address, fleet.settle
        if not resumed:  # the servers that are there already take logins as well
            server.core.reset()
            server.save()
        fleet.start()
        yield


@contextlib.contextmanager
def second_door(server: Simulator) -> t.Iterator[None]:
    """Answer MCP. Raises Missing with a sentence."""
    try:
        from .mcp_door import Door

        door = Door(server.core)
        door.start()
    except ImportError as exc:
        raise Missing(
            f"--mcp needs the Python SDK of MCP, version 2 ({exc}); install it: "
            "pip install -r tests/simulator/requirements-mcp.txt."
        ) from None
    with contextlib.closing(door):
        server.mcp = door
        yield


def banner(origin: str, options: argparse.Namespace, resumed: bool, is_checked: bool) -> str:
    """Say where the simulator is, what it plays, and what to set."""
    form = (
        f"the account of {options.state}" if resumed and not options.preset else f"preset {options.preset or 'plain'}"
    )
    chosen = f"--scenario {options.scenario}" if options.scenario else ""
    if options.manifest:
        chosen = f"--manifest {options.manifest}"
    if chosen and not resumed:
        form += f", scenario {options.scenario}" if options.scenario else f", the account of {options.manifest}"
    return (
        f"The simulator plays 444Host at {origin}/v1 ({form}{'' if is_checked else ', contract not checked'}).\n"
        f"  export H444_API_URL={origin}/v1\n  export H444_API_KEY={FULL_KEY}\n"
        f"{origin}/ shows the account and each request in a browser.\n"
        + (f"Each server takes logins at its address, on port {options.ssh_port}.\n" if options.ssh_port else "")
        + (f"{origin}/mcp answers MCP, with the same keys.\n" if options.mcp else "")
        + (f"{chosen} is not used: {options.state} has an account already.\n" if chosen and resumed else "")
        + "Ctrl-C ends it.\n"
    )


def refuse(why: str) -> int:
    """Say in one sentence why there is nothing to serve."""
    print(f"simulator: {why}", file=sys.stderr)
    return 2


def resume(core: Core, options: argparse.Namespace) -> bool:
    """Go on with the account of the state file, where there is one. Raises ValueError with a reason."""
    if options.state is None or not options.state.exists():
        return False
    try:
        state = json.loads(options.state.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ValueError(exc.strerror) from None
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    core.load(state)
    core.assume = {**assumed.defaults(), **core.assume, **options.switches}
    if options.balance is not None:
        core.account["balance_usd_cents"] = options.balance
    return True


def quietly(given: list[str]) -> int:
    """Run as a command: neither Ctrl-C nor a reader that has gone is a traceback."""
    try:
        try:
            return main(given)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # What is still buffered has no reader either; the interpreter must not try again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


if __name__ == "__main__":
    sys.exit(quietly(sys.argv[1:]))
