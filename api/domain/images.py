"""Pictures as they are kept: upright, without the place, the device and whatever else cameras write into them."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from api.errors import Invalid

MOST_PIXELS = 60_000_000
"""A picture of a telephone has 12 to 50 million; what unpacks to more than this is turned away before it does."""
SIDE = 4096
"""Pixels of the longer side at most as kept: enough to read a page of a document."""
_KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_STARTS = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"))


class PictureUnreadable(Invalid):
    """The file says that it is a picture and cannot be read as one, or is too large to be unpacked."""

    code = "picture_unreadable"
    zh = "图片无法读取，或超过{most}像素，请换成JPEG、PNG或WebP"
    en = "The picture cannot be read, or has more than {most} pixels; use JPEG, PNG or WebP"


def kind_of(content: bytes) -> str | None:
    """Return JPEG, PNG or WEBP by the first bytes; None for what is no such picture."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for start, kind in _STARTS if content.startswith(start)), None)


def fit(content: bytes, media_type: str) -> tuple[bytes, str]:
    """Return a file as it is kept, with its type: a picture turned upright and bare, anything else as it came.

    What a file is its bytes say, not its name. PictureUnreadable for a broken picture and for what is called one and
    is none.
    """
    kind = kind_of(content)
    if kind is None:
        if media_type.startswith("image/"):
            raise PictureUnreadable(most=MOST_PIXELS, pointer="/file")
        return content, "application/pdf" if content.startswith(b"%PDF-") else _honest(media_type)
    try:
        return _bare(content, kind), _KINDS[kind]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as why:
        raise PictureUnreadable(most=MOST_PIXELS, pointer="/file") from why


def _honest(media_type: str) -> str:
    """Return a declared type, but not one that the bytes would have shown."""
    return "application/octet-stream" if media_type == "application/pdf" else media_type


def _bare(content: bytes, kind: str) -> bytes:
    with Image.open(io.BytesIO(content), formats=[kind]) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.draft(None, (SIDE * 3 // 4, SIDE * 3 // 4))  # a large JPEG is unpacked at half its size, in memory too
        picture.thumbnail((SIDE, SIDE))
        ImageOps.exif_transpose(picture, in_place=True)
        mode = "RGBA" if kind != "JPEG" and picture.has_transparency_data else "RGB"
        bare = Image.new(mode, picture.size)
        bare.paste(picture.convert(mode))  # pixels alone: no EXIF, XMP, comments, profiles or thumbnails
        kept = io.BytesIO()
        bare.save(kept, kind, **({} if kind == "PNG" else {"quality": 88}))
        return kept.getvalue()
