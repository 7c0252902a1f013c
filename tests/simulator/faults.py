# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults at a chosen request: before its effect (it is not carried out) or after (only the reply is spoiled)."""

from __future__ import annotations

import re
import threading
import typing as t

KINDS = ("reset", "close", "truncate", "bad_json", "html", "status", "delay", "hang", "drip", "redirect", "gzip_bomb", "empty")


class Faults:
    """The faults that are set, in the order in which they were."""

    def __init__(self) -> None:
        self._faults: list[dict[str, t.Any]] = []
        self._lock = threading.Lock()

    def set(self, specs: t.Any) -> None:
        """Add faults. Raises ValueError with a sentence."""
        if not isinstance(specs, list):
            raise ValueError("faults are a list of objects")
        for spec in specs:
            if not isinstance(spec, dict) or spec.get("kind") not in KINDS:
                raise ValueError(f"a fault needs a kind: {', '.join(KINDS)}")
            if spec.get("when", "before") not in ("before", "after"):
                raise ValueError("when is before or after")
            for name in ("method", "path", "location"):
                if not isinstance(spec.get(name, ""), str):
                    raise ValueError(f"{name} is a text")
            for name in ("seconds", "interval"):
                if isinstance(spec.get(name, 0), bool) or not isinstance(spec.get(name, 0), (int, float)) or not 0 <= spec.get(name, 0) <= 3600:
                    raise ValueError(f"{name} is a number from 0 to 3600")
            status = spec.get("status", 500)
            if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
                raise ValueError("status is a whole number from 200 to 599")
            if not isinstance(spec.get("headers", {}), dict):
                raise ValueError("headers are an object")
            for name in ("nth", "times"):
                if not isinstance(spec.get(name, 1), int) or spec.get(name, 1) < 1:
                    raise ValueError(f"{name} is a whole number from 1")
        with self._lock:
            self._faults += [{"method": "*", "path": "*", "nth": 1, "times": 1, "when": "before", **spec, "seen": 0} for spec in specs]

    def clear(self) -> None:
        """Take every fault away."""
        with self._lock:
            self._faults.clear()

    def next(self, method: str, path: str) -> dict[str, t.Any] | None:
        """Count one request (path below /v1) and give the fault that it meets."""
        with self._lock:
            for fault in self._faults:
                pattern = ".*" if fault["path"] == "*" else "[^/]+".join(re.escape(part) for part in re.split(r"\{\w+\}", fault["path"]))
                if fault["method"] not in ("*", method) or not re.fullmatch(pattern, path):
                    continue
                fault["seen"] += 1
                if fault["nth"] <= fault["seen"] < fault["nth"] + fault["times"]:
                    return dict(fault)
        return None
