"""Presences that a phone kept while it had no network: what it signs, how its clock is corrected, and what is odd.

The code on the organiser's screen carries the time: it belongs to one step of 30 seconds, whatever the phone's clock
said. The clock is measured against ours when the list arrives, and only speaks where both do not fit
(docs/adr/offline-lists.md, docs/offline.md).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from api.domain.codes import STEP_SECONDS, code_at
from api.domain.presence import NotCheckedIn, PreviousPairOpen
from api.errors import Conflict, Forbidden, Invalid, NotFound, Problem

MOST_ITEMS = 50
SECRET_BYTES = 32
FORM = "dualreport-offline-1"
"""The first line of what is signed: it names this form, so that another one can never be taken for it."""


class DeviceUnknown(NotFound):
    """There is no such device, or it is another person's."""

    code, zh, en = "device_unknown", "没有这台设备，或设备不属于您", "There is no such device, or it is not yours"


class DeviceEnded(Conflict):
    """The device was ended; its secret is gone."""

    code = "device_ended"
    zh = "该设备的离线凭证已失效，请重新登记设备，并用新凭证重新提交"
    en = "This device has ended; enrol it again and send the list signed with the new secret"


class MacNotValid(Forbidden):
    """What signs the item does not belong to it and to this device."""

    code, zh, en = "mac_not_valid", "签名与内容或设备不符", "The mac does not fit the item and the device"


class ItemReused(Invalid):
    """The same item id came before with another content."""

    code = "item_reused"
    zh, en = "同一条目编号已用于另一内容", "This itemId was used for another content before"


@dataclass(frozen=True, slots=True)
class OfflinePolicy:
    """What is taken as it comes; beyond it a person decides.

    `skew` is how far a clock may be off and is still corrected, `tolerance` how far the corrected time may differ from
    the code's own, `latest` how long after the shift's end a list may come.
    """

    skew: timedelta = timedelta(days=2)
    tolerance: timedelta = timedelta(minutes=5)
    latest: timedelta = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Item:
    """One presence as the phone kept it: one's own with the code seen, or a leader's roll call of `person_id`.

    `at` is the phone's clock at that moment and `sequence` counts what this phone ever kept; `mac` is in hex.
    """

    item_id: UUID
    shift_id: UUID
    direction: Literal["check_in", "check_out"]
    at: datetime
    sequence: int
    mac: str = ""
    pair: int = 1
    code: str | None = None
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """When something happened by what is known: the code's step, the corrected clock, and how far the clock was off."""

    at: datetime
    clock_at: datetime
    skew: timedelta


def signed_bytes(device_id: UUID, item: Item) -> bytes:
    """Return the bytes that a device signs for an item: ten lines of UTF-8 with one line feed between each two.

    Ids are in lower case with hyphens, the code is in capitals, `at` is whole milliseconds since 1970-01-01 UTC; what
    is absent is an empty line.
    """
    lines = (
        FORM, device_id, item.item_id, item.shift_id, item.direction, item.pair, item.person_id or "",
        (item.code or "").upper(), milliseconds(item.at), item.sequence,
    )  # fmt: skip
    return "\n".join(str(line) for line in lines).encode()


def mac_of(secret: bytes, device_id: UUID, item: Item) -> str:
    """Return the HMAC-SHA-256 of an item under a device's secret, in hex."""
    return hmac.digest(secret, signed_bytes(device_id, item), hashlib.sha256).hex()


def require_mac(secret: bytes, device_id: UUID, item: Item) -> None:
    """Raise MacNotValid unless the item was signed with this device's secret."""
    if not hmac.compare_digest(mac_of(secret, device_id, item).encode(), item.mac.lower().encode()):
        raise MacNotValid(pointer="/mac")


def fingerprint(item: Item) -> str:
    """Return the hash of an item's content without the device, so that a new device may send what an old one kept."""
    return hashlib.sha256(signed_bytes(_NO_DEVICE, item)).hexdigest()


def milliseconds(at: datetime) -> int:
    """Return whole milliseconds since 1970-01-01 UTC, as `Date.now()` counts them."""
    return (at - _ORIGIN) // timedelta(milliseconds=1)


def skew_of(sent_at: datetime, received_at: datetime) -> timedelta:
    """Return how far a phone's clock is behind ours, the journey of the list included; negative where it is ahead."""
    return received_at - sent_at


def seen_at(
    secret: bytes | None,
    code: str | None,
    opens: datetime,
    closes: datetime,
    clock_at: datetime,
    now: datetime,
    policy: OfflinePolicy,
) -> datetime | None:
    """Return when the step began whose code this is; None where it is no code of this shift.

    It is looked for around the corrected clock first, then while the shift may be checked in to or out of. Around the
    clock it may also be from before the shift was moved, or outside its hours: a person judges that.
    """
    if secret is None or code is None:
        return None
    given = code.upper().encode()
    for since, until in ((clock_at - policy.tolerance, clock_at + policy.tolerance), (opens, closes)):
        at = _ORIGIN + (since - _ORIGIN) // _STEP * _STEP
        while at < until and at <= now:
            if hmac.compare_digest(code_at(secret, at).encode(), given):
                return at
            at += _STEP
    return None


def oddities(
    item: Item,
    taken: Taken,
    sent_at: datetime,
    received_at: datetime,
    ends_at: datetime,
    enrolled_at: datetime,
    policy: OfflinePolicy,
) -> list[str]:
    """Return codes of what is odd about an item by its times alone; none where it may be taken as it comes."""
    found = {
        "clock_too_far": abs(taken.skew) > policy.skew,
        "taken_after_sending": item.at > sent_at,
        "clock_differs": abs(taken.clock_at - taken.at) > policy.tolerance,
        "late_offline": received_at > ends_at + policy.latest,
        "device_enrolled_later": taken.at < enrolled_at - policy.tolerance,
    }
    return [code for code, odd in found.items() if odd]


def breaks_order(sequence: int, at: datetime, known: Iterable[tuple[int, datetime]]) -> bool:
    """Say whether a device's own count and the times of its codes contradict each other.

    `known` are (sequence, time) of what else the device sent of its owner's own presences.
    """
    return any(
        number == sequence or (number < sequence and when > at) or (number > sequence and when < at)
        for number, when in known
    )


PROVEN = frozenset({"code", "offline_code", "recipient_confirmed"})
"""Provenance classes whose time a code carries: a second code for the same key is a double of it."""


def contradicts(direction: str, provenance: str, stands_at: datetime, at: datetime, policy: OfflinePolicy) -> bool:
    """Say whether a code shows another time of leaving than one that stands by somebody's word or by rule alone."""
    return direction == "check_out" and provenance not in PROVEN and abs(stands_at - at) > policy.tolerance


def waits(problem: Problem, previous_out: datetime | None) -> bool:
    """Say whether what stands in the way may still come: the check-in of a check-out, or the pair before.

    `previous_out` is when the pair before was left, None where nothing says so yet.
    """
    return isinstance(problem, NotCheckedIn) or (isinstance(problem, PreviousPairOpen) and previous_out is None)


def in_order(items: Sequence[tuple[Item, datetime]]) -> list[int]:
    """Return the places of items in the order in which they happened: in before out, one pair after the other."""
    keys = [
        (at, item.pair, item.direction != "check_in", item.sequence, place) for place, (item, at) in enumerate(items)
    ]
    return [key[-1] for key in sorted(keys)]


_NO_DEVICE = UUID(int=0)
_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(seconds=STEP_SECONDS)
