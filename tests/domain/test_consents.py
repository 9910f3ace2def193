"""Consent as a rule: which word stands, in which words, and what is left of a document's row after an erasure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.domain.consents import PURPOSES, TextOutdated, UnknownPurpose, Wording, purpose_of, require_current, stands
from api.domain.documents.redaction import REDACTED, redact

DETAILS, RESULT = PURPOSES["employer_details"], PURPOSES["employer_result"]


@pytest.mark.parametrize(
    ("state", "by_consent", "unless_refused"),
    [(None, False, True), ("given", True, True), ("withdrawn", False, False), ("refused", False, False)],
)
def test_what_needs_consent_waits_for_it_and_what_does_not_holds_until_refused(state, by_consent, unless_refused):
    assert stands(DETAILS, state, 1) is by_consent
    assert stands(RESULT, state, 1) is unless_refused


def test_consent_to_words_that_were_replaced_holds_no_longer():
    renewed = replace(DETAILS, wordings=(*DETAILS.wordings, Wording(2, "新", "new")))
    assert (stands(renewed, "given", 1), stands(renewed, "given", 2)) == (False, True)
    with pytest.raises(TextOutdated) as why:
        require_current(renewed, 1)
    assert why.value.facts == {"version": 2}


def test_purposes_have_codes_of_their_own_and_versions_that_count_up():
    for code, purpose in PURPOSES.items():
        assert purpose.code == code
        assert [each.version for each in purpose.wordings] == list(range(1, len(purpose.wordings) + 1))
    with pytest.raises(UnknownPurpose):
        purpose_of("anything")


def test_only_the_place_that_tells_of_somebody_is_blank():
    line = {"rosterNumber": "A1", "name": "甲", "disclosed": True, "grade": {"code": "good"}, "minutes": 60}
    other = {**line, "rosterNumber": "A2", "name": "乙"}
    content = redact({"denominator": 2, "members": [dict(line), dict(other)]}, ["/members/0"])
    assert content["members"][0] == {
        "rosterNumber": REDACTED, "name": REDACTED, "disclosed": False, "grade": None, "minutes": None,
    }  # fmt: skip
    assert (content["denominator"], content["members"][1]) == (2, other)
