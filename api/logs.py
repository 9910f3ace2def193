"""What the log may say: kinds of errors and where they arose, never their words, which may repeat what people wrote."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from typing import Any


def keep_words_out() -> None:
    """Let every record of this process show exceptions without their messages; a repeat changes nothing."""
    before = logging.getLogRecordFactory()
    if getattr(before, "keeps_words_out", False):
        return

    def made(*arguments: Any, **more: Any) -> logging.LogRecord:
        record = before(*arguments, **more)
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = "\n".join(without_words(record.exc_info[1]))
            record.exc_info = None  # whoever formats it anew would find the messages there
        return record

    made.keeps_words_out = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(made)


def without_words(error: BaseException) -> Iterator[str]:
    """Yield the lines of a traceback, the cause first, with frames and kinds; of the database also SQL and state."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from without_words(cause)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield " ".join([f"{type(error).__module__}.{type(error).__qualname__}", *_told(error)])


def _told(error: BaseException) -> Iterator[str]:
    for name in ("code", "sqlstate", "sqlite_errorname", "statement"):
        value = getattr(error, name, None)
        if isinstance(value, str):  # a statement holds names of columns and places for values, never the values
            yield f"{name}={value}"
