"""The log says what kind of error arose and where, and repeats no word of it."""

from __future__ import annotations

import io
import logging

import pytest

from api.logs import keep_words_out, without_words


def fails():
    try:
        int("王五 13900001234")
    except ValueError as why:
        raise RuntimeError("王五") from why


def test_an_exception_is_logged_without_its_words():
    keep_words_out()
    keep_words_out()
    told = io.StringIO()
    handler, log = logging.StreamHandler(told), logging.getLogger("test.words")
    log.addHandler(handler)
    try:
        fails()
    except RuntimeError:
        log.exception("fault")
    finally:
        log.removeHandler(handler)
    said = told.getvalue()
    assert "王五" not in said
    assert "13900001234" not in said
    assert said.index("builtins.ValueError") < said.index("which led to:") < said.index("builtins.RuntimeError")
    assert "in fails" in said


def test_the_words_would_stand_in_the_exception_itself():
    with pytest.raises(RuntimeError, match="王五") as caught:
        fails()
    assert "王五" not in "\n".join(without_words(caught.value))
