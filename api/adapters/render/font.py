"""Which characters the Chinese font can draw: a character that it lacks would vanish from a name without a word."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import noto_cjk_sans_otc

from api.errors import Invalid

FAMILY = "Noto Sans CJK SC"
FONT_FILE = Path(str(noto_cjk_sans_otc.FONT_PATH))
_SC = 2  # the simplified Chinese face of the collection
_SEGMENTED_COVERAGE = 12  # the cmap format that maps all planes of Unicode


class CharactersNotInFont(Invalid):
    """The document holds characters that the font cannot draw; `characters` names them."""

    code = "characters_not_in_font"
    zh = "以下字符无法打印，请核对或改用 JSON、Excel 格式：{characters}"
    en = "These characters cannot be printed; check them or take JSON or Excel: {characters}"


def check_drawable(texts: Iterable[str]) -> None:
    """Raise `CharactersNotInFont` if any text holds a character that the font lacks; line breaks are no characters."""
    missing = sorted(set().union(*texts) - drawable() - {"\n"})
    if missing:
        raise CharactersNotInFont(characters=[_named(character) for character in missing])


@cache
def drawable() -> frozenset[str]:
    """Return all characters of the font's simplified Chinese face (OpenType cmap, format 12)."""
    data = FONT_FILE.read_bytes()
    face = struct.unpack_from(">I", data, 12 + 4 * _SC)[0]
    cmap = _table_offset(data, face, b"cmap")
    found: set[int] = set()
    for record in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        start = cmap + struct.unpack_from(">I", data, cmap + 4 + 8 * record + 4)[0]
        if struct.unpack_from(">H", data, start)[0] == _SEGMENTED_COVERAGE:
            groups = struct.unpack_from(">I", data, start + 12)[0]
            for first, last, _glyph in struct.iter_unpack(">III", data[start + 16 : start + 16 + 12 * groups]):
                found.update(range(first, last + 1))
    return frozenset(map(chr, found))


def _table_offset(data: bytes, face: int, name: bytes) -> int:
    for entry in range(struct.unpack_from(">H", data, face + 4)[0]):
        tag, _checksum, offset, _length = struct.unpack_from(">4sIII", data, face + 12 + 16 * entry)
        if tag == name:
            return offset
    raise LookupError(name)


def _named(character: str) -> str:
    code = f"U+{ord(character):04X}"
    return f"{character} ({code})" if character.isprintable() else code
