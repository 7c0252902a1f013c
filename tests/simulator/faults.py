# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults at a chosen request: before its effect (it is not carried out) or after (only the reply is spoiled)."""

from __future__ import annotations

import collections
import functools
import threading
import typing as t
import zlib

from .calls import Answer, ids_in

FIELDS = {
    "method",
    "path",
    "nth",
    "times",
    "every",
    "when",
    "kind",
    "seconds",
    "interval",
    "status",
    "headers",
    "body",
    "location",
}
METHODS = ("*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
KINDS = (
    "reset",
    "close",
    "truncate",
    "bad_json",
    "html",
    "status",
    "delay",
    "hang",
    "drip",
    "redirect",
    "gzip_bomb",
    "empty",
)


def _is_number(value: t.Any, kinds: t.Any) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


class Faults:
    """The faults that are set, in the order in which they were."""

    def __init__(self, paths: t.Iterable[str] = ()) -> None:
        """*paths*: the templates of the API, below /v1."""
        self._paths = set(paths)
        self._faults: list[dict[str, t.Any]] = []
        self._spared: collections.deque[str] = collections.deque(maxlen=1000)
        """The requests that have met a fault that comes back, and are let through when they are sent again."""
        self._lock = threading.Lock()

    def set(self, specs: t.Any) -> None:
        """Add faults. Raises ValueError with a sentence."""
        if not isinstance(specs, list):
            raise ValueError("faults are a list of objects")
        for spec in specs:
            if not isinstance(spec, dict) or spec.get("kind") not in KINDS:
                raise ValueError(f"a fault needs a kind: {', '.join(KINDS)}")
            self._check_request(spec)
            self._check_reply(spec)
        with self._lock:
            self._faults += [
                {"method": "*", "path": "*", "nth": 1, "times": 1, "when": "before", **spec, "seen": 0}
                for spec in specs
            ]

    def _check_request(self, spec: dict[str, t.Any]) -> None:
        """Check which request is meant. Raises ValueError."""
        unknown = sorted(set(spec) - FIELDS)
        if unknown:
            raise ValueError(f"a fault takes no {', '.join(unknown)}; it takes {', '.join(sorted(FIELDS))}")
        if spec.get("when", "before") not in ("before", "after"):
            raise ValueError("when is before or after")
        if spec.get("method", "*") not in METHODS:
            raise ValueError(f"method is one of {', '.join(METHODS)}")
        self._check_path(spec.get("path", "*"))
        for name in ("nth", "times"):
            if not _is_number(spec.get(name, 1), int) or spec.get(name, 1) < 1:
                raise ValueError(f"{name} is a whole number from 1")
        if "every" in spec and not (_is_number(spec["every"], int) and spec["every"] > spec.get("times", 1)):
            raise ValueError("every is a whole number above times")

    @staticmethod
    def _check_reply(spec: dict[str, t.Any]) -> None:
        """Check what happens to it. Raises ValueError."""
        for name in ("seconds", "interval"):
            if not _is_number(spec.get(name, 0), (int, float)) or not 0 <= spec.get(name, 0) <= 3600:
                raise ValueError(f"{name} is a number from 0 to 3600")
        if not _is_number(spec.get("status", 500), int) or not 200 <= spec.get("status", 500) <= 599:
            raise ValueError("status is a whole number from 200 to 599")
        if not isinstance(spec.get("headers", {}), dict):
            raise ValueError("headers are an object")
        if not isinstance(spec.get("location", ""), str):
            raise ValueError("location is a text")

    def _check_path(self, path: t.Any) -> None:
        """Refuse a path that no request can have: its fault would never come. Raises ValueError."""
        if not isinstance(path, str):
            raise ValueError("path is a text")
        if path == "*" or not self._paths or path.startswith(("/oauth/", "/.well-known/", "/mcp")):
            return
        if path not in self._paths and all(ids_in(path, template) is None for template in self._paths):
            raise ValueError(f"the API has no path {path}; it is written as in the contract, such as /vps/{{id}}, or *")

    def clear(self) -> None:
        """Take every fault away."""
        with self._lock:
            self._faults.clear()
            self._spared.clear()

    def ahead(self) -> list[dict[str, t.Any]]:
        """Give the faults that requests can still meet, each with how many requests it has seen."""
        with self._lock:
            return [
                dict(fault)
                for fault in self._faults
                if "every" in fault or fault["seen"] < fault["nth"] + fault["times"] - 1
            ]

    def next(self, method: str, path: str, rest: str = "") -> dict[str, t.Any] | None:
        """Count one request (path below /v1) and give the fault that it meets. *rest*: what else it is known by."""
        request = f"{method} {path} {rest}"
        with self._lock:
            is_again = request in self._spared
            if is_again:
                self._spared.remove(request)
            for fault in self._faults:
                if is_again and "every" in fault:
                    continue
                if fault["method"] not in ("*", method):
                    continue
                if fault["path"] != "*" and ids_in(path, fault["path"]) is None:
                    continue
                fault["seen"] += 1
                if _comes(fault):
                    if "every" in fault:
                        self._spared.append(request)
                    return dict(fault)
        return None


def _comes(fault: t.Mapping[str, t.Any]) -> bool:
    """Say whether the request that was seen last meets this fault."""
    place = fault["seen"] - fault["nth"]
    return place >= 0 and (place % fault["every"] if "every" in fault else place) < fault["times"]


@functools.lru_cache(maxsize=1)
def bomb() -> bytes:
    """Give 200 MiB of zeros, gzipped."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"0" * (1 << 20)
    return b"".join(packer.compress(block) for _mib in range(200)) + packer.flush()


def spoiled(fault: t.Mapping[str, t.Any]) -> Answer | None:
    """Give the whole reply that a fault puts in the place of the right one; None if it breaks the connection."""
    if fault["kind"] == "status":
        status = int(fault.get("status", 500))
        headers = {str(name): str(value) for name, value in fault.get("headers", {}).items()}
        usual = {"statusCode": status, "message": "Injected fault", "error": "Fault"}
        return Answer(status, headers, fault.get("body", usual))
    if fault["kind"] == "html":
        page = b"<html><head><title>Maintenance</title></head><body>Back soon</body></html>"
        return Answer(int(fault.get("status", 200)), {"Content-Type": "text/html"}, page)
    if fault["kind"] == "redirect":
        return Answer(int(fault.get("status", 302)), {"Location": fault.get("location", "http://127.0.0.1:9/")}, None)
    if fault["kind"] == "bad_json":
        return Answer(200, {}, b'{"id": "broken", ')
    if fault["kind"] == "empty":
        return Answer(200, {}, b"")
    if fault["kind"] == "gzip_bomb":
        return Answer(200, {"Content-Encoding": "gzip"}, bomb())
    return None
