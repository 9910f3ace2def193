"""Sealed columns: what a row keeps encrypted under its tenant's key, bound to table, column and row.

Whoever writes through `Session.insert` or `changes` writes plain values and whoever reads gets them; the type takes
nothing but what was sealed for its row, so that forgetting to seal is an error and never a leak. To open a value the
type needs to know whose it is: a column of this type is selected together with its row's id and tenant.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic_core import from_json
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

_EMPTY: dict[str, Any] = {"text": "", "dict": {}, "list": []}
_NOTHING = object()  # equal to no value: bytes are sealed even where they are none
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class SealedValue(bytes):
    """What was sealed for one column of one row."""


class Sealed(sa.TypeDecorator[Any]):
    """A column `name` ("table.column") whose values are sealed; `kind` is `text`, `dict`, `list` or `bytes`.

    An empty value tells nothing and is kept as no bytes at all. With `indexed` the row has a column `…_index` besides,
    which `seal` fills and by which the value is found by equality.
    """

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, name: str, kind: str = "text", indexed: bool = False):
        super().__init__()
        self.name, self.kind, self.indexed = name, kind, indexed

    def column_expression(self, column: Any) -> Any:
        """Select the row's id and tenant before the value."""
        columns = column.table.c
        return _WithItsRow(columns.id, columns.tenant_id, column, type_=self)

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> bytes | None:
        """Let through what was sealed, nothing and what is empty; anything else was never sealed for its row."""
        if value is None or isinstance(value, SealedValue):
            return value
        if self.kind in _EMPTY and value == _EMPTY[self.kind]:
            return b""
        raise TypeError(f"{self.name} takes only what was sealed for its row")

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> Any:
        """Open a value for the row that it was read with; one of another row, column or table raises InvalidTag."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            row_id, tenant_id, sealed = bytes.fromhex(value[:32].decode()), _tenant(value[32:64]), value[64:]
        else:
            row_id, tenant_id, sealed = value[:16], _tenant(value[16:32]), value[32:]
        if not sealed:
            return _empty(self.kind)
        plain = vault_of(dialect).open_of(self.name, tenant_id, row_id, sealed)
        if self.kind == "bytes":
            return plain
        # Of short texts, as rows have, this reader takes a quarter of the time of the standard one.
        return plain.decode() if self.kind == "text" else from_json(plain)

    def seal(self, vault: Any, tenant_id: UUID, row_id: UUID, value: Any) -> SealedValue | None:
        """Return a plain value sealed for one row; nothing, what is empty and what is sealed already stay."""
        if value is None or isinstance(value, SealedValue):
            return value
        if self.kind in _EMPTY and value == _EMPTY[self.kind]:
            return SealedValue()
        return SealedValue(vault.seal_value(self.name, tenant_id, row_id, self._bytes_of(value)))

    def sealer(self, vault: Any, tenant_id: UUID) -> Callable[[bytes, Any], bytes | None]:
        """Return what seals plain values one by one for rows of one tenant, by the 16 bytes of their id; as `seal`."""
        seal, empty = vault.sealer(self.name, tenant_id), _EMPTY.get(self.kind, _NOTHING)

        def of_row(row_id: bytes, value: Any) -> bytes | None:
            if value is None:
                return None
            return b"" if value == empty else seal(row_id, self._bytes_of(value))

        return of_row

    def _bytes_of(self, value: Any) -> bytes:
        if isinstance(value, bytes):  # of a dict or list its JSON, as whoever writes very many rows may have made it
            return value
        return (_json(value) if self.kind in ("dict", "list") else value).encode()


def seal_row(vault: Any, table: Any, row: dict[str, Any], tenant_id: UUID, row_id: UUID) -> dict[str, Any]:
    """Return a row, or a part of one, with every plain value of a sealed column sealed and indexed."""
    more: dict[str, Any] = {}
    for key, kind in sealed_columns(table):
        if key not in row or isinstance(row[key], SealedValue):
            continue
        more[key] = kind.seal(vault, tenant_id, row_id, row[key])
        if kind.indexed:
            plain = row[key]
            more[f"{key}_index"] = None if plain is None else vault.index(tenant_id, kind.name, plain)
    return {**row, **more} if more else row


def sealed_columns(table: Any) -> tuple[tuple[str, Sealed], ...]:
    """Return the sealed columns of a table or model, as name and type."""
    plain = getattr(table, "__table__", table)
    known = _known.get(plain)
    if known is None:
        found = ((column.key, column.type) for column in plain.columns)
        known = _known[plain] = tuple((key, kind) for key, kind in found if isinstance(kind, Sealed))
    return known


def vault_of(dialect: sa.Dialect) -> Any:
    """Return the vault of the engine that speaks this dialect; an engine of somebody else has none."""
    vault = getattr(dialect, "vault", None)
    if vault is None:
        raise LookupError("sealed columns are read through the product's own engines")
    return vault


@lru_cache(maxsize=1024)
def _tenant(written: bytes) -> UUID:
    """Return a tenant's id as a database wrote it, in 16 bytes or in 32 digits; thousands of rows name the same."""
    return UUID(bytes=written) if len(written) == 16 else UUID(written.decode())


def _empty(kind: str) -> Any:
    return {"text": "", "dict": {}, "list": [], "bytes": b""}[kind]


_known: dict[Any, tuple[tuple[str, Sealed], ...]] = {}


class _WithItsRow(FunctionElement[Any]):
    """The row's id, its tenant and the sealed value as one string of bytes; NULL where the value is."""

    inherit_cache = True
    name = "with_its_row"

    def __init__(self, *clauses: ColumnElement[Any], type_: Sealed):
        self.type = type_
        super().__init__(*clauses)


@compiles(_WithItsRow, "sqlite")
def _sqlite(element: _WithItsRow, compiler: Any, **more: Any) -> str:
    row_id, tenant_id, value = (compiler.process(part, **more) for part in element.clauses)
    return f"CAST({row_id} || {tenant_id} || {value} AS BLOB)"


@compiles(_WithItsRow, "postgresql")
def _postgresql(element: _WithItsRow, compiler: Any, **more: Any) -> str:
    row_id, tenant_id, value = (compiler.process(part, **more) for part in element.clauses)
    return f"(uuid_send({row_id}) || uuid_send({tenant_id}) || {value})"
