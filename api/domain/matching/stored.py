"""What a run starts from as it is stored: the canonical bytes of its inputs, packed, and the way back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from hashlib import sha256
from operator import attrgetter
from typing import Any

from api.domain.canonical import canonical_bytes, digest
from api.domain.matching.inputs import Ask, Limits, Offer, Weights, arranged

Inputs = tuple[list[Ask], list[Offer], Weights, Limits]
_ALWAYS = object()  # equal to no value: what has a default that says something is written whatever it is
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def packed(asks: Sequence[Ask], offers: Sequence[Offer], weights: Weights, limits: Limits) -> tuple[bytes, str]:
    """Return the inputs of a run as compact bytes, from which `restored(unpacked(…))` makes it again, and their hash.

    The same inputs in any order give the same bytes; their hash is that of their canonical form, as `inputs_hash` says.
    """
    text = _Texts()
    bounds = {**_plain(limits), "communities": dict(limits.communities)}
    members = (
        f'"asks":[{",".join(_rows(arranged(asks), Ask, text))}]',
        f'"limits":{canonical_bytes(bounds).decode()}',
        f'"offers":[{",".join(_rows(arranged(offers), Offer, text))}]',
        f'"weights":{canonical_bytes(asdict(weights)).decode()}',
    )
    content = f"{{{','.join(members)}}}".encode()
    return zlib.compress(content, 6), sha256(content).hexdigest()


def unpacked(content: bytes) -> dict[str, Any]:
    """Return the inputs document of packed bytes."""
    return json.loads(zlib.decompress(content))


def restored(content: Mapping[str, Any]) -> Inputs:
    """Return the inputs that a document holds."""
    return (
        [Ask(**{name: _tupled(value) for name, value in row.items()}) for row in content["asks"]],
        [Offer(**{name: _tupled(value) for name, value in row.items()}) for row in content["offers"]],
        Weights(**content["weights"]),
        Limits(**content["limits"]),
    )


def inputs_hash(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an inputs document: one hash, one result."""
    return digest(dict(content))


class _Texts(dict[Any, str]):
    """The canonical text of each value that asks and offers hold; what many have alike is made text once.

    A number and a truth value that equal it would be one key, so that only numbers, texts and None are taken.
    """

    def __missing__(self, value: Any) -> str:
        if type(value) is tuple:
            text = f"[{','.join(map(self.__getitem__, value))}]"
        elif type(value) is str and value.isascii():
            text = _quoted(value)
        elif value is None or type(value) in (int, str):
            text = canonical_bytes(value).decode()
        else:
            raise TypeError(f"an ask or offer holds no {type(value).__name__}")
        self[value] = text
        return text


def _rows(rows: Iterable[Any], kind: Any, text: _Texts) -> Iterable[str]:
    """Yield each row as canonical text, what it leaves out left out."""
    members = _members(kind)
    told, heads = attrgetter(*(name for name, _ in members)), [(f'"{name}":', quiet) for name, quiet in members]
    for row in rows:
        pairs = zip(heads, told(row), strict=True)
        yield f"{{{','.join([head + text[value] for (head, quiet), value in pairs if value != quiet])}}}"


def _plain(row: Any) -> dict[str, Any]:
    """Return the members of a row that say something: what it leaves out `restored` takes for the silence it was."""
    return {name: value for name, quiet in _members(type(row)) if (value := getattr(row, name)) != quiet}


def _members(kind: Any) -> list[tuple[str, Any]]:
    """Return the members of asks, offers or limits in the order of canonical text, each with what may be left out.

    That is None or empty, and not the same silence: slots None are any time, no slots are none.
    """
    quiet = (None, ())
    return sorted((each.name, each.default if each.default in quiet else _ALWAYS) for each in fields(kind))


def _tupled(value: Any) -> Any:
    return tuple(_tupled(each) for each in value) if isinstance(value, list) else value
