"""Phones without a network: each keeps items by its own clock and signs them, apart from the product's own rules."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(at: datetime) -> str:
    """Return what `toISOString()` of a phone says: milliseconds and Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signed(secret: bytes, device_id: str, item: dict[str, Any]) -> str:
    """Return the mac of an item as docs/offline.md describes it."""
    at = datetime.fromisoformat(item["at"])
    milliseconds = round((at - EPOCH) / timedelta(milliseconds=1))
    lines = [
        "dualreport-offline-1", device_id, item["itemId"], item["shiftId"], item["direction"], str(item["pair"]),
        item.get("personId") or "", (item.get("code") or "").upper(), str(milliseconds), str(item["sequence"]),
    ]  # fmt: skip
    return hmac.new(secret, "\n".join(lines).encode(), hashlib.sha256).hexdigest()


@dataclass
class Phone:
    """One enrolled phone; its clock is off by `skew` and may jump."""

    device_id: str
    secret: bytes
    skew: timedelta = timedelta()
    kept: list[dict[str, Any]] = field(default_factory=list)
    counted: int = 0

    def keep(
        self,
        shift: Any,
        direction: str,
        at: datetime,
        code: str | None = None,
        pair: int = 1,
        person: Any = None,
        item_id: UUID | None = None,
    ) -> dict[str, Any]:
        """Keep one item that happens at a true instant."""
        self.counted += 1
        item = {
            "itemId": str(item_id or uuid4()), "shiftId": str(shift), "direction": direction, "pair": pair,
            "at": stamp(at + self.skew), "sequence": self.counted,
        }  # fmt: skip
        if code is not None:
            item["code"] = code
        if person is not None:
            item["personId"] = str(person)
        self.kept.append(item)
        return item

    def list_at(self, at: datetime, items: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return the list that it sends at a true instant, of all that it kept or of some; signed now."""
        chosen = self.kept if items is None else items
        return {
            "deviceId": self.device_id, "sentAt": stamp(at + self.skew),
            "items": [{**item, "mac": signed(self.secret, self.device_id, item)} for item in chosen],
        }  # fmt: skip


def as_items(sent: dict[str, Any]) -> tuple[UUID, datetime, tuple[dict[str, Any], ...]]:
    """Return a list as the service takes it: device, time of sending, and the items by inner names."""
    items = tuple(
        {
            "item_id": UUID(item["itemId"]), "shift_id": UUID(item["shiftId"]), "direction": item["direction"],
            "pair": item["pair"], "at": datetime.fromisoformat(item["at"]), "sequence": item["sequence"],
            "mac": item["mac"], "code": item.get("code"),
            "person_id": UUID(item["personId"]) if "personId" in item else None,
        }
        for item in sent["items"]
    )  # fmt: skip
    return UUID(sent["deviceId"]), datetime.fromisoformat(sent["sentAt"]), items
