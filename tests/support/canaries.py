"""P1: canaries, and the search for them in every form that plain text takes on a disk."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Each stands in every canary of its kind and nowhere else: searching for it is searching for all of them.
NAME, PHONE, NUMBER, ROSTER, TOLD = "錾鑫魑魅", "1997766", "110105194912", "QZJQXQ", "鑫錾之愿"
MARKS = {"name": NAME, "phone": PHONE, "id_number": NUMBER, "roster_number": ROSTER, "free_text": TOLD}
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
# 身份证号 GB 11643: the weights of the first seventeen digits and the sign for their sum modulo 11
_WEIGHTS, _CHECK = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"


@dataclass(frozen=True)
class Canary:
    """A person who is nobody."""

    name: str
    phone: str
    id_number: str
    roster_number: str


def canary(n: int) -> Canary:
    """Return the n-th of at most 5 000, told apart by name, phone, ID number and roster number."""
    signs = "甲乙丙丁戊己庚辛壬癸"
    told = "".join(signs[int(digit)] for digit in f"{n:04}")
    digits = f"{NUMBER}{n % 28 + 1:02}{n // 28:03}"
    check = _CHECK[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11]
    return Canary(f"{NAME}{told}", f"{PHONE}{n:04}", digits + check, f"{ROSTER}{n:04}")


def patterns() -> Iterator[tuple[str, str, re.Pattern[bytes]]]:
    """Yield (kind, form, pattern) for each mark: plain, escaped, in hex, and in base64 at each of three places."""
    for kind, mark in MARKS.items():
        forms = {f"plain {encoding}": re.escape(mark.encode(encoding)) for encoding in ENCODINGS}
        if not mark.isascii():
            forms["escaped"] = re.escape(mark.encode("ascii", "backslashreplace"))
        for encoding in ENCODINGS:
            raw = mark.encode(encoding)
            forms[f"hex {encoding}"] = b"(?i:" + raw.hex().encode() + b")"
            for place in range(3):
                forms[f"base64 {encoding} +{place}"] = re.escape(_base64_inside(raw, place))
        for form, pattern in forms.items():
            yield kind, form, re.compile(pattern)


def _base64_inside(raw: bytes, place: int) -> bytes:
    """Return the signs of base64 that depend on nothing around `raw`, which begins `place` bytes into a group."""
    coded = base64.b64encode(bytes(place) + raw)
    whole = (place + len(raw)) // 3 * 4
    return coded[:whole][(0, 2, 3)[place] :]


def hits(content: bytes) -> list[tuple[str, str]]:
    """Return (kind, form) of every mark that stands in the bytes."""
    return [(kind, form) for kind, form, pattern in PATTERNS if pattern.search(content)]


def hits_below(folder: Path) -> list[tuple[str, str, str]]:
    """Return (file, kind, form) for every mark in the files below a folder; one that vanishes meanwhile is passed."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            content = path.read_bytes() if path.is_file() else b""
        except (FileNotFoundError, PermissionError):
            continue
        found += [(str(path.relative_to(folder)), kind, form) for kind, form in hits(content)]
    return found


PATTERNS = list(patterns())
