"""Canonical bytes of a JSON document (RFC 8785) and their SHA-256, the one form in which anything is hashed."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import rfc8785

from api.errors import Invalid

_SAFE = 2**53 - 1
_DEEPEST = 64


class NotCanonical(Invalid):
    """The document holds something that has no exact canonical form; `place` is its path."""

    code = "not_canonical"
    zh = "文档中的值无法规范化：{place}（{found}）"
    en = "A value has no canonical form: {place} ({found})"


def canonical_bytes(document: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON-able document; the same value always gives the same bytes.

    Takes None, bool, int within ±(2^53 − 1), str, list, tuple and dict with str keys. A float is taken only if it
    is a whole number (3.0 → 3), because fractions travel as strings here. Anything else, lone surrogates and
    nesting deeper than 64 raise `NotCanonical` with the path.
    """
    if not _sorts_and_prints_plainly(document, "", 0):
        return rfc8785.dumps(document)
    # The C encoder gives the same bytes as RFC 8785 for what is left: no floats, and keys whose order by code
    # point is their order by UTF-16 unit. It is some forty times faster than the reference.
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def digest(document: Any) -> str:
    """Return the SHA-256 of the canonical bytes as 64 hexadecimal digits."""
    return sha256(canonical_bytes(document)).hexdigest()


def _sorts_and_prints_plainly(value: Any, place: str, depth: int) -> bool:
    """Check one value and all below; False sends the document to the reference encoder."""
    if value is None or value is True or value is False:
        return True
    if isinstance(value, str):
        _check_text(value, place)
        return True
    if isinstance(value, int):
        if not -_SAFE <= value <= _SAFE:
            raise NotCanonical(place=place, found="integer beyond 2^53-1")
        return True
    if depth >= _DEEPEST:
        raise NotCanonical(place=place, found="nesting deeper than 64")
    if isinstance(value, dict):
        plain = True
        for key, below in value.items():
            if not isinstance(key, str):
                raise NotCanonical(place=place, found=f"key of type {type(key).__name__}")
            _check_text(key, place)
            plain &= key.isascii() or max(key) < "\ud800"
            plain &= _sorts_and_prints_plainly(below, f"{place}/{key}", depth + 1)
        return plain
    if isinstance(value, list | tuple):
        plain = True
        for number, below in enumerate(value):
            plain &= _sorts_and_prints_plainly(below, f"{place}/{number}", depth + 1)
        return plain
    if isinstance(value, float) and value.is_integer() and abs(value) <= _SAFE:
        return False
    raise NotCanonical(place=place, found=type(value).__name__)


def _check_text(text: str, place: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise NotCanonical(place=place, found="lone surrogate") from None
