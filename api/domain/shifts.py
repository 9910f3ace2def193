"""What a shift may be: a window of at most a day, with places, and with presences it keeps its times."""

from __future__ import annotations

from datetime import datetime, timedelta

from api.errors import Conflict, Invalid

LONGEST = timedelta(hours=24)  # an activity over many days has a shift a day (model: Settlement)


class EndsBeforeStart(Invalid):
    """The shift does not end after it starts."""

    code = "shift_ends_before_start"
    zh, en = "班次结束时间必须晚于开始时间", "A shift must end after it starts"


class TooLong(Invalid):
    """The shift is longer than a day."""

    code = "shift_too_long"
    zh, en = "班次不能超过 {hours} 小时，请按日拆分", "A shift lasts at most {hours} hours; make one for each day"


class CapacityTaken(Conflict):
    """More places are taken than the new capacity has."""

    code = "capacity_taken"
    zh, en = "已有 {confirmed} 人确认，名额不能少于此数", "{confirmed} places are taken; there cannot be fewer"


class PresencesStand(Conflict):
    """Somebody has been recorded at this shift, so that its times stand."""

    code = "presences_stand"
    zh, en = "已有签到记录，不能修改时间", "Somebody has been recorded here already; its times stand"


class ShiftsAhead(Conflict):
    """A shift of the activity has not ended yet."""

    code = "shifts_ahead"
    zh, en = "还有班次尚未结束", "A shift of it has not ended yet"


def require_window(starts_at: datetime, ends_at: datetime) -> None:
    """Raise EndsBeforeStart or TooLong unless the half-open window is longer than nothing and at most a day."""
    if ends_at <= starts_at:
        raise EndsBeforeStart(pointer="/endsAt")
    if ends_at - starts_at > LONGEST:
        raise TooLong(pointer="/endsAt", hours=LONGEST // timedelta(hours=1))


def require_capacity(capacity: int, confirmed: int) -> None:
    """Raise CapacityTaken where fewer places remain than are taken."""
    if capacity < confirmed:
        raise CapacityTaken(pointer="/capacity", confirmed=confirmed)
