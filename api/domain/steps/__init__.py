"""The life cycles of the domain model, one table a noun; a step's full name is also its permission.

One name serves one act: `need.submit` is the permission, the event's kind, the route's action, the entry in
`allowedActions` and the key of its label. A noun without states has acts all the same: `fact.check_in`.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.domain.state_table import StateTable, Step
from api.domain.steps.lists import LISTS
from api.domain.steps.loop import LOOP
from api.domain.steps.offices import OFFICES, WITHOUT_STATES

__all__ = ["ALL_STEPS", "TABLES", "StateTable", "Step"]

TABLES: Mapping[str, StateTable] = {table.noun: table for table in (*LOOP, *LISTS, *OFFICES, *WITHOUT_STATES)}

ALL_STEPS: Mapping[str, Step] = {
    table.full(name): step for table in TABLES.values() for name, step in table.steps.items()
}
