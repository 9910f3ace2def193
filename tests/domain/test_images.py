"""Pictures lose where and with what they were taken, and stand upright; what is no picture is turned away."""

import io

import pytest
from PIL import Image

from api.domain import images
from api.domain.images import PictureUnreadable, fit, kind_of

GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112
SECRET = b"canary-31.2990N-120.5853E"


def picture(kind, *, turned=False, size=(40, 20)):
    """Return a picture, red left and blue right, with a place, a device and words in it, as cameras write them."""
    drawn = Image.new("RGB", size, "red")
    drawn.paste("blue", (size[0] // 2, 0, *size))
    exif = Image.Exif()
    exif[MAKE] = "Canary Phone"
    exif[ORIENTATION] = 6 if turned else 1
    exif.get_ifd(GPS).update({1: "N", 2: (31.0, 17.0, 56.4), 3: "E", 4: (120.0, 35.0, 7.1), 29: SECRET.decode()})
    kept = io.BytesIO()
    more = {"comment": SECRET} if kind == "JPEG" else {}
    drawn.save(kept, kind, exif=exif, **more)
    return kept.getvalue()


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_place_device_and_words_are_gone_and_the_picture_is_there(kind, media_type):
    taken = picture(kind)
    assert SECRET in taken
    with Image.open(io.BytesIO(taken)) as before:
        assert before.getexif().get_ifd(GPS)
    kept, told = fit(taken, "application/octet-stream")
    assert (told, kind_of(kept)) == (media_type, kind)
    assert [each for each in (SECRET, b"Canary", b"Exif", b"eXIf", b"EXIF") if each in kept] == []
    with Image.open(io.BytesIO(kept)) as after:
        assert (after.size, dict(after.getexif())) == ((40, 20), {})
        red, _, blue = after.convert("RGB").getpixel((5, 10))
        assert (red > 200, blue < 60) == (True, True)


def test_a_picture_that_was_held_sideways_stands_upright():
    kept, _ = fit(picture("JPEG", turned=True), "image/jpeg")
    with Image.open(io.BytesIO(kept)) as after:
        assert after.size == (20, 40)
        red, _, blue = after.convert("RGB").getpixel((10, 5))
        assert (red > 200, blue < 60) == (True, True)


def test_a_picture_is_kept_no_larger_than_a_page_can_be_read():
    kept, _ = fit(picture("JPEG", size=(6000, 300)), "image/jpeg")
    with Image.open(io.BytesIO(kept)) as after:
        assert max(after.size) <= images.SIDE


def test_a_picture_keeps_what_shines_through():
    kept = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(kept, "PNG")
    with Image.open(io.BytesIO(fit(kept.getvalue(), "image/png")[0])) as after:
        assert (after.mode, after.getpixel((1, 1))[3]) == ("RGBA", 0)


def test_what_is_called_a_picture_and_is_none_is_turned_away():
    for content in (b"not a picture", picture("JPEG")[:60], b"\x89PNG\r\n\x1a\n" + b"\0" * 40):
        with pytest.raises(PictureUnreadable):
            fit(content, "image/jpeg")


def test_a_picture_that_unpacks_to_too_much_is_turned_away_unread(monkeypatch):
    monkeypatch.setattr(images, "MOST_PIXELS", 799)
    with pytest.raises(PictureUnreadable):
        fit(picture("PNG"), "image/png")


def test_other_files_stay_as_they_are_and_their_bytes_say_what_they_are():
    assert fit(b"a,b\n1,2", "text/csv") == (b"a,b\n1,2", "text/csv")
    assert fit(b"%PDF-1.7 ...", "text/plain") == (b"%PDF-1.7 ...", "application/pdf")
    assert fit(b"MZ...", "application/pdf") == (b"MZ...", "application/octet-stream")
