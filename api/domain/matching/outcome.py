"""What is kept of a run: the hash of its result, and its figures with small groups summed up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from api.domain.canonical import digest
from api.domain.matching.propose import Proposals
from api.domain.suppression import pooled, small

_BARS = 12  # communities that stand by themselves in the picture


def result_hash(found: Proposals) -> str:
    """Return the SHA-256 of what a run proposes and leaves open: from the same inputs it is always the same."""
    return digest(
        {
            "method": found.method,
            "objective": found.objective,
            "proposals": found.rows(),
            "unserved": [[each.ask_id, each.missing, each.why, each.change] for each in found.unserved],
        }
    )


def summary(found: Proposals) -> dict[str, Any]:
    """Return the figures of a run as plain data; each unit with how many helpers it has, so that few can be hidden."""
    sums = asdict(found.figures)
    able = found.columns.offer["places"].tolist()
    helpers: dict[str, int] = {}
    for offer, places in zip(found.columns.offers, able, strict=True):
        if offer.unit is not None and places > 0:
            helpers[offer.unit] = helpers.get(offer.unit, 0) + 1
    sums["communities"] = [_share(row) for row in sums["communities"]]
    sums["units"] = [{**_share(row), "helpers": helpers.get(row["name"], 0)} for row in sums["units"]]
    return {**sums, "method": found.method, "objective": found.objective, "candidates": found.candidate_count}


def _share(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["name"], "places": row["places"], "filled": row["filled"], "idle": row["idle"]}


def few_together(rows: Sequence[Mapping[str, Any]], size: str) -> list[dict[str, Any]]:
    """Return the rows with those of fewer than five summed up under `id` None, so that no row tells of one person.

    `size` names the column that counts people. Where the small ones together are fewer than five as well, the next
    smallest stands with them.
    """
    together = pooled({row["id"]: row[size] for row in rows})
    shown: list[dict[str, Any]] = [dict(row) for row in rows if row["id"] not in together and row[size]]
    few = [row for row in rows if row["id"] in together]
    if few and not small(sum(row[size] for row in few)):
        numbers = [name for name, value in few[0].items() if type(value) is int]
        shown.append({"id": None, **{name: sum(row[name] for row in few) for name in numbers}})
    return shown


def bars(figures: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return the figures of a run as groups of bars: its needs, its places by community, and what was answered."""
    needs = [("已有人", figures["served"]), ("仍无人", figures["needs"] - figures["served"])]
    places = [(row["name"], row["filled"]) for row in figures["communities"] if row["filled"]]
    shown = sorted(places, key=lambda row: (-row[1], row[0]))
    rest = sum(filled for _, filled in shown[_BARS:])
    by_place = [*shown[:_BARS], *([("其他社区", rest)] if rest else [])]
    answers = figures["answers"]
    said = [("已接受", "accepted"), ("已婉拒", "declined"), ("待答复", "proposed"), ("过期未复", "lapsed")]
    return [
        ("需求", needs), ("各社区补足的名额", by_place), ("答复", [(label, answers[state]) for label, state in said]),
        ("可服务者", [("有建议", figures["helpers"]), ("闲置", figures["idle"])]),
    ]  # fmt: skip


def median(values: Iterable[int]) -> int | None:
    """Return the middle value, the lower of two, None of none."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else None
