# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Labels of servers: how they are read, when two are one, and when one may be another that the provider changed. Pure.

A server is known by its label alone, so a label that is not recognised is a second order.
"""

from __future__ import annotations

import re
import typing as t
import unicodedata

from ._api import Raw
from ._names import canonical_host, normalized
from ._reader import word

# The first of these that a row has is its label; the others count only where the API has no field for a label alone.
OWN_FIELDS = ("label", "display_label", "vps_label", "server_label", "vps_display_label")
OTHER_FIELDS = ("display_name", "name", "vps_name", "server_name")
# A shorter label is not taken for one that was cut off; one that goes on with digits (web-1, web-12) has to be longer.
LEAST_CUT = 10
LEAST_CUT_NUMBER = 20
# A hostname is no text for people: one that differs is another server's, unless it is long enough to be cut, too.
LEAST_CUT_HOST = 32
# A label that fills such a field, and is the beginning of the wanted one, was cut there, whatever its hostname says.
USUAL_FIELDS = frozenset({32, 50, 63, 64, 100, 128, 191})


def read_label(row: Raw) -> str | None:
    """Return the label of a row in snake_case; None if it has none, or the API returns none."""
    found = [word(row[field], "label", "name", "text", "value") for field in OWN_FIELDS if field in row]
    if found:
        return next((label for label in found if label is not None), None)
    return next((label for label in (word(row.get(field)) for field in OTHER_FIELDS) if label is not None), None)


def shows_label(row: Raw) -> bool:
    """Return whether a row (in snake_case) says what its label is; null and empty say that it has none."""
    return any(
        field in row and (row[field] is None or read_label({field: row[field]}) is not None)
        for field in OWN_FIELDS + OTHER_FIELDS
    )


def nfc(label: str) -> str:
    """Return a label in the form in which labels are compared."""
    return normalized("NFC", label)


def has_label(row: Raw, label: str | None) -> bool:
    """Return whether a server has this label. The one place where labels are compared."""
    return bool(label) and bool(row["label"]) and nfc(row["label"]) == nfc(str(label))


def folded(label: str) -> str:
    """Return what is left of a label when case, accents, spaces and punctuation count for nothing."""
    letters = "".join(char for char in normalized("NFKD", label.casefold()) if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "-", letters.replace("ı", "i")).strip("-") or label


def why_similar(row: Raw, label: str, hostname: str, rows: t.Sequence[Raw]) -> str:
    """Return why a server with another label could be the one that is asked for; empty if nothing speaks for it.

    *rows*: all that are listed, for the longest of their labels shows what the provider does not cut.
    """
    if row["label"] and folded(row["label"]) == folded(label):
        return "the provider may have changed the spelling of the label"
    if row["hostname"] and canonical_host(row["hostname"]) == canonical_host(hostname):
        return "it has the same hostname, %s" % canonical_host(hostname)
    if (
        row["label"]
        and _is_cut(row, label, hostname)
        and not any(_is_longer(other["label"], row["label"]) for other in rows)
    ):
        return "the provider may have truncated the label"
    return ""


def _is_cut(row: Raw, label: str, hostname: str) -> bool:
    had = re.sub(r"(?:…|\.\.\.)\Z", "", nfc(row["label"]))
    # In NFD, for a cut can take the accent from the last letter.
    rest = _rest(normalized("NFD", had), normalized("NFD", label))
    if rest and len(had) in USUAL_FIELDS:
        return True
    is_number = bool(re.search(r"[0-9]\Z", had) and re.match(r"[0-9]+\Z", rest))
    if not rest or len(had) < (LEAST_CUT_NUMBER if is_number else LEAST_CUT):
        return False
    host = canonical_host(row["hostname"])
    return not host or (len(host) >= LEAST_CUT_HOST and not is_number and canonical_host(hostname).startswith(host))


def _rest(start: str, whole: str) -> str:
    return whole[len(start) :] if whole.startswith(start) else ""


def _is_longer(one: str | None, other: str) -> bool:
    """Return whether a label is longer, whether the provider counts characters or bytes."""
    return (
        one is not None
        and len(one) > len(other)
        and len(one.encode("utf-8", "replace")) > len(other.encode("utf-8", "replace"))
    )
