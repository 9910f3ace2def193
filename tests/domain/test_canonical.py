"""Canonical bytes: equal to RFC 8785's own examples and to the reference implementation."""

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.canonical import NotCanonical, canonical_bytes, digest

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(text, below, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300)
@given(documents)
def test_the_bytes_are_those_of_the_reference_implementation(document):
    assert canonical_bytes(document) == rfc8785.dumps(document)


def test_keys_sort_by_utf16_units_as_in_section_3_2_3_of_the_rfc():
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    expected = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    written = canonical_bytes(dict.fromkeys(keys, 0)).decode()
    places = [written.index(key.replace("\r", "\\r")) for key in expected]
    assert places == sorted(places)


def test_order_of_keys_does_not_change_the_digest():
    assert digest({"甲": 1, "乙": [2, None]}) == digest({"乙": [2, None], "甲": 1})


def test_digest_is_sha256_of_the_bytes():
    # `printf '{}' | sha256sum`
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_a_whole_float_is_its_integer():
    assert canonical_bytes({"n": 3.0}) == b'{"n":3}'


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"a": [0.5]}, "/a/0"),
        ({"a": float("nan")}, "/a"),
        ([float("inf")], "/0"),
        ([2**53], "/0"),
        ({1: 2}, ""),
        ({"a": b"x"}, "/a"),
        (["\ud800"], "/0"),
        ({"\udfff": 1}, ""),
        ({"a": {1, 2}}, "/a"),
    ],
)
def test_what_has_no_exact_form_is_refused_with_its_place(document, place):
    with pytest.raises(NotCanonical) as refused:
        canonical_bytes(document)
    assert refused.value.facts["place"] == place


def test_a_bottomless_document_is_refused():
    document: list = []
    for _ in range(100_000):
        document = [document]
    with pytest.raises(NotCanonical):
        canonical_bytes(document)
