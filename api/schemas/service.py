"""服务 on the wire: activities, shifts, sign-ups, codes, presences."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.domain import location as places
from api.domain import need_gates
from api.schemas.base import Body, Code, Count, Day, Line, ListQuery, Moment, Subject, Text, View
from api.schemas.finding import Finding, Metres

Kind = Literal["service", "visit", "meeting", "training", "forum", "reception"]
Nature = Literal["volunteer_service", "party_duty", "organizational_life", "training", "paid_work"]
State = Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")]
Places = Annotated[int, Field(ge=1, le=100_000)]
ClockTime = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", min_length=5, max_length=5)]


class Point(Body):
    """A place in degrees, and in which system: a map of 高德 or 腾讯 gives `gcj02`, one of 百度 `bd09`."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    system: places.System


Group = Literal[
    "person", "unit", "team", "full", "probationary", "development_target", "applicant", "none", "in_service",
    "retired", "laid_off", "floating_in", "floating_out", "no_post", "two_new",
]  # fmt: skip
Age = Annotated[int, Field(ge=0, le=120)]


class Gates(Body):
    """What is asked of whoever serves; what is left out asks for nothing."""

    qualifications: Annotated[list[Code], Field(max_length=10, description="codes that are on record today")] = []
    trained: Annotated[list[Code], Field(max_length=10, description="codes of trainings on record")] = []
    insurance: Annotated[bool, Field(description="accident insurance is on record (accident_insurance)")] = False
    age_from: Annotated[Age | None, Field(description="who is known to be younger may not")] = None
    age_to: Age | None = None
    groups: Annotated[
        list[Group],
        Field(max_length=15, description="sorts of helpers, political statuses, member classes: one is enough"),
    ] = []

    def values(self) -> dict[str, Any]:
        """Return the gates as needs and activities keep them; AgesContradict."""
        told = super().values()
        return need_gates.plain({"ageFrom": told.pop("age_from"), "ageTo": told.pop("age_to"), **told})


class Safety(Body):
    """Bodily danger, the insurance against it, and qualifications (by their codes on record) that sign-up asks for."""

    danger: bool = False
    insurance: Text = ""
    qualifications: Annotated[list[Code], Field(max_length=10)] = []
    adults_only: Annotated[bool, Field(description="who is known to be under 18 cannot sign up")] = False
    gates: Annotated[Gates, Field(description="more that sign-up asks for, as of the need it came of")] = Gates()

    def values(self) -> dict[str, Any]:
        """Return what an activity's policy keeps of it."""
        return {**super().values(), "gates": self.gates.values()}


class Policy(Body):
    """Windows around each shift in minutes, whether a place is needed and the organiser must agree, and safety."""

    early_minutes: Annotated[int, Field(ge=0, le=240)] = 30
    late_minutes: Annotated[int, Field(ge=0, le=1440)] | None = None
    check_out_minutes: Annotated[int, Field(ge=0, le=1440)] = 120
    walk_in: bool = False
    pairs: Annotated[int, Field(ge=1, le=3)] = 3
    breaks_count: Annotated[bool, Field(description="breaks of its shifts are credited like the rest")] = False
    agrees: Annotated[bool, Field(description="a sign-up waits for the organiser's consent")] = False
    forgotten: Annotated[
        Literal[1, 2],
        Field(description="version of the rule for a forgotten check-out: 1 planned end, 2 nothing counts"),
    ] = 1
    safety: Safety = Safety()

    def values(self) -> dict[str, Any]:
        """Return the policy as plain data."""
        return {**super().values(), "safety": self.safety.values()}


class NewActivity(Body):
    """An activity as its organiser plans it; `nature` says as what attendance counts."""

    kind: Kind = "service"
    nature: Nature = "volunteer_service"
    voluntary: bool = True
    title: Line
    description: Text = ""
    risks: Text = ""
    category: Code | None = None
    place: Text = ""
    community_id: UUID
    organizer_id: UUID
    leader_id: UUID | None = None
    project_id: UUID | None = None
    point: Annotated[Point, Field(description="where it is; not for visits to people's homes")] | None = None
    policy: Policy = Policy()

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names; policy and point as plain data."""
        return {**super().values(), "policy": self.policy.values(), "point": self.point and self.point.values()}


class ShownPoint(View):
    """Where an activity is, as its organiser said it."""

    latitude: float
    longitude: float
    system: places.System


class Activity(Subject):
    """An activity as it is shown."""

    kind: str
    nature: str
    voluntary: bool
    title: str
    description: str
    risks: str
    category: str | None
    place: str
    point: ShownPoint | None
    community_id: UUID
    community_name: str
    organizer_id: UUID
    organizer_name: str
    leader_id: UUID | None
    project_id: UUID | None
    reason: str | None
    policy: dict[str, Any]
    metres: Metres = None
    flags: list[str]


class ActivityQuery(Finding):
    """Which activities to list."""

    state: State | None = None
    organizer_id: Annotated[UUID | None, Field(description="or what is above it: all below")] = None
    nature: Nature | None = None


class Break(Body):
    """A break of a shift, half-open; it credits nothing unless the activity's policy says that breaks count."""

    starts_at: Moment
    ends_at: Moment


class Window(Body):
    """When a shift is and how many it takes; half-open, at most a day."""

    starts_at: Moment
    ends_at: Moment
    capacity: Places
    breaks: Annotated[list[Break], Field(max_length=6)] = []

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names; breaks as pairs of times."""
        return {**super().values(), "breaks": [(each.starts_at, each.ends_at) for each in self.breaks]}


class NewShift(Window):
    """A shift of an activity."""

    activity_id: UUID


class Shift(Subject):
    """A shift with the places that are left."""

    activity_id: UUID
    title: str
    kind: str
    nature: str
    place: str
    community_id: UUID
    community_name: str
    short_code: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    confirmed: int
    places_left: Count
    breaks: list[ShownBreak]
    imported: bool


class DailyBreak(Body):
    """A break of every day of a series, in local time."""

    starts_at: ClockTime
    ends_at: ClockTime


class NewSeries(Body):
    """A shift on each of these days, in local time; one that does not end after it starts ends on the day after."""

    days: Annotated[list[Day], Field(min_length=1, max_length=62)]
    starts_at: ClockTime
    ends_at: ClockTime
    capacity: Places
    breaks: Annotated[list[DailyBreak], Field(max_length=6)] = []

    def values(self) -> dict[str, Any]:
        """Return days, hours and breaks as dates and local times."""
        breaks = [(time.fromisoformat(each.starts_at), time.fromisoformat(each.ends_at)) for each in self.breaks]
        hours = {"starts": time.fromisoformat(self.starts_at), "ends": time.fromisoformat(self.ends_at)}
        return {"days": self.days, "capacity": self.capacity, "breaks": breaks, **hours}


class ShownBreak(View):
    """A break as it is shown."""

    starts_at: datetime
    ends_at: datetime


class Series(View):
    """The shifts of an activity on the days of a series, in their order."""

    activity_id: UUID
    items: list[Shift]


class ShiftQuery(ListQuery):
    """Which shifts to list."""

    state: State | None = None
    activity_id: UUID | None = None
    community_id: UUID | None = None
    starts_from: Moment | None = None
    starts_before: Moment | None = None


class Signup(Subject):
    """Somebody's sign-up for a shift; `name` only where it may be seen."""

    shift_id: UUID
    person_id: UUID
    name: str | None = None
    queued_at: datetime
    waiting_before: Count | None = Field(None, description="how many on the waiting list go first")


class SignupQuery(ListQuery):
    """Which sign-ups to list."""

    state: State | None = None


class Settled(View):
    """What a settlement left: pairs that are credited now, and those that still wait."""

    shift: Shift
    credited: int = Field(description="pairs with an entry that stands")
    minutes: int
    waiting: int = Field(description="pairs that somebody has yet to judge")
