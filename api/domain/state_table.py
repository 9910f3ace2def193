"""The one type of state table: which step may be taken from which state, and where it leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from api.errors import StepNotAllowed


class Step:
    """One act on a noun.

    `from_` holds the states in which it is possible, with None for "does not exist yet"; `to` the state it leads to,
    or several among which the outcome chooses. Empty `to` only appends (the state stays); empty both ways is an act
    that no state forbids, such as reading.
    """

    __slots__ = ("from_", "to")

    def __init__(self, from_: Iterable[str | None] = (), to: str | Iterable[str] = ()):
        self.from_: frozenset[str | None] = frozenset(from_)
        self.to: frozenset[str] = frozenset((to,) if isinstance(to, str) else to)
        if self.to and not self.from_:
            raise ValueError("a step that leads somewhere must come from somewhere; use None for creation")


@dataclass(frozen=True)
class StateTable:
    """The life cycle of one noun: where rows begin and which steps change them."""

    noun: str
    start: tuple[str, ...]
    steps: Mapping[str, Step]
    states: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        born = {to for step in self.steps.values() if None in step.from_ for to in step.to}
        reached = set(self.start).union(*(step.to for step in self.steps.values()))
        if not set(self.start) <= born:
            raise ValueError(f"{self.noun}: no step creates {sorted(set(self.start) - born)}")
        for name, step in self.steps.items():
            if not {state for state in step.from_ if state} <= reached:
                raise ValueError(f"{self.noun}.{name} comes from a state that nothing reaches")
        object.__setattr__(self, "states", frozenset(reached))

    def full(self, action: str) -> str:
        """Return the one name of an act: `submit` and `need.submit` both give `need.submit`."""
        return action if "." in action else f"{self.noun}.{action}"

    def next(self, state: str | None, action: str, to: str | None = None) -> str | None:
        """Return the state after `action`; the same state where the act only appends or reads.

        `state` None means that the row does not exist yet. `to` names the outcome where a step has several; naming
        one the step does not have, or none where several are possible, is a mistake of the program (ValueError).
        Raises StepNotAllowed with `state`, `action` and `allowedActions`.
        """
        step = self.steps.get(action.removeprefix(f"{self.noun}."))
        if step is None or (step.from_ and state not in step.from_):
            raise StepNotAllowed(state=state, action=self.full(action), allowedActions=self.allowed(state))
        if not step.to:
            return state
        if to is None and len(step.to) == 1:
            return next(iter(step.to))
        if to not in step.to:
            raise ValueError(f"{self.full(action)} leads to one of {sorted(step.to)}, not to {to}")
        return to

    def allowed(self, state: str | None) -> list[str]:
        """Return the full names of the acts that `state` makes possible, in the table's order; reads are not listed."""
        return [self.full(name) for name, step in self.steps.items() if state in step.from_]

    def is_final(self, state: str) -> bool:
        """Say whether no step leads from `state` to another one."""
        return not any(state in step.from_ and step.to - {state} for step in self.steps.values())
