"""How a primitive is taken out of the histories: nothing reversed, split, unknown, exempt or still running."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.oracle.plain import Row
from tests.support.oracle.removals import Removal, each


def bundles(change: Callable[[Row], bool]) -> Removal:
    return lambda case: bool(sum([change(bundle) for bundle in case.bundles]))


def reversal(bundle: Row) -> bool:
    found = 0
    for source in ("entries", "facts"):
        rows = bundle.get(source) or []
        bundle_rows = [row for row in rows if "reverses" not in row]
        found += len(rows) - len(bundle_rows)
        if source in bundle:
            bundle[source] = bundle_rows
    return bool(found)


def midnight(bundle: Row) -> bool:
    return each((row for row in bundle.get("entries", []) if "days" in row), lambda row: row.pop("days"))


def unknown(bundle: Row) -> bool:
    absent = [source for source in ("entries", "facts", "reviews", "exemptions") if source not in bundle]
    bundle |= {source: [] for source in absent}
    gaps = bundle.pop("unknown", [])
    nulls = [(row, name) for source in ("entries", "facts") for row in bundle[source] for name in row
             if row[name] is None]  # fmt: skip
    for row, name in nulls:
        row[name] = 1 if name == "amount" else "other"
    return bool(absent or gaps or nulls)


def exempted(bundle: Row) -> bool:
    return bool(bundle.get("exemptions")) and not bundle.update(exemptions=[])


def through(bundle: Row) -> bool:
    return bundle.pop("through", None) is not None
