# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What plans are made from: each list of the account is read at most once, and only if a plan needs it."""

from __future__ import annotations

import typing as t

from . import _buy, _catalogue
from ._account import Wallet
from ._api import Api, Row
from ._errors import H444Error

Read = t.TypeVar("Read")


class Reading:
    """One reading of the account. The nouns add their own lists."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.started = api.now()
        self._kept: dict[str, t.Any] = {}

    def once(self, name: str, read: t.Callable[[Api], Read]) -> Read:
        """Read what the name stands for, or return what was read before. A failure is kept too. Raises: H444Error."""
        if name not in self._kept:
            try:
                self._kept[name] = read(self.api), None
            except H444Error as error:
                self._kept[name] = None, error
        value, problem = self._kept[name]
        if problem is not None:
            raise problem
        return value

    def products(self) -> list[Row]:
        """Return the catalogue."""
        return self.once("products", _catalogue.list_products)

    def wallet(self) -> Wallet:
        """Return the account that pays."""
        return self.once("wallet", _buy.read_wallet)
