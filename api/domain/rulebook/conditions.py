"""What a condition may say: comparisons and attributes, joined by all, any and negate."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from api.domain.rulebook.unfit import Unfit
from api.domain.rulebook.values import Exact, Reference, Strict


class Compare(Strict):
    """A number against thresholds; `proRata` names a share (0 to 1) that every threshold is multiplied by."""

    value: Reference
    at_least: Exact | None = None
    more_than: Exact | None = None
    at_most: Exact | None = None
    less_than: Exact | None = None
    pro_rata: Reference | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Compare:
        if all(limit is None for limit in (self.at_least, self.more_than, self.at_most, self.less_than)):
            raise Unfit("nothing_compared")
        return self


class AttributeIn(Strict):
    """An attribute of the subject, such as registrationBasis, is one of these."""

    attribute: Annotated[str, Field(min_length=1, max_length=60)]
    among: Annotated[list[str], Field(min_length=1)]


class All(Strict):
    """Every one of the conditions holds."""

    all: Annotated[list[Condition], Field(min_length=1)]


class AnyOf(Strict):
    """At least one of the conditions holds."""

    any: Annotated[list[Condition], Field(min_length=1)]


class Not(Strict):
    """The condition does not hold."""

    negate: Condition


_KINDS = {"all": All, "any": AnyOf, "negate": Not, "attribute": AttributeIn}


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return next((name for name in _KINDS if name in value), "value")
    return next((name for name, model in _KINDS.items() if isinstance(value, model)), "value")


Condition = Annotated[
    Annotated[Compare, Tag("value")]
    | Annotated[AttributeIn, Tag("attribute")]
    | Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("negate")],
    Discriminator(_kind),
]


def values_in(condition: Condition) -> list[tuple[str, Compare | AttributeIn]]:
    """Return the leaves of a condition with their JSON pointers relative to it."""
    if isinstance(condition, Compare | AttributeIn):
        return [("", condition)]
    if isinstance(condition, Not):
        return [(f"/negate{place}", leaf) for place, leaf in values_in(condition.negate)]
    name, parts = ("all", condition.all) if isinstance(condition, All) else ("any", condition.any)
    return [(f"/{name}/{n}{place}", leaf) for n, part in enumerate(parts) for place, leaf in values_in(part)]
