"""Credit codes: vectors from the documentation of python-stdnum, public institutions, and an own calculation."""

from __future__ import annotations

import pytest

from api.domain.credit_codes import BadCreditCode, agrees, body_of, check_credit_code

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
UNIVERSITY = "12100000470095016Q"  # Zhejiang University, a public institution


def sign_by_the_standard(first17: str) -> str:
    """Weights are powers of 3 modulo 31 (GB 32100-2015, 5.3)."""
    return ALPHABET[-sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first17)) % 31]


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y43",
        "91110000600037341L",
        UNIVERSITY,
        "12100000425006117P",
        "124300004448750350",
        "12210000410581610Y",
    ],
)
def test_published_codes_pass_and_any_changed_sign_fails(code: str) -> None:
    assert check_credit_code(code) == code
    assert sign_by_the_standard(code[:17]) == code[17]
    for place in range(18):
        other = "1" if code[place] != "1" else "2"
        with pytest.raises(BadCreditCode):
            check_credit_code(code[:place] + other + code[place + 1 :])


@pytest.mark.parametrize(
    "typed",
    [
        "12100000470095016q",
        " 1210 0000 4700 9501 6Q ",
        "１２１００００0470095016Ｑ",
        "12100000-470095016-Q",
        "\ufeff12100000470095016Q",
    ],
)
def test_width_case_and_space_do_not_matter(typed: str) -> None:
    assert check_credit_code(typed) == UNIVERSITY


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("12345", "credit_code_length"),
        ("", "credit_code_length"),
        ("A1110000600037341L", "credit_code_characters"),
        ("9111000060003IOZSV", "credit_code_characters"),
        ("91110000600037341N", "credit_code_check_sign"),
        ("91350200M000000510", "credit_code_check_sign"),
    ],
)
def test_a_wrong_code_says_why(typed: str, reason: str) -> None:
    with pytest.raises(BadCreditCode) as caught:
        check_credit_code(typed)
    assert caught.value.facts["reason"] == reason


def test_the_prefix_tells_the_kind_of_body() -> None:
    assert body_of(UNIVERSITY) == "public_institution"
    assert [body_of(p + UNIVERSITY[2:]) for p in ("11", "51", "52", "53", "91", "92", "A1")] == [
        "agency", "social_organization", "social_organization", "social_organization",
        "private_enterprise", "individual_business", None,
    ]  # fmt: skip
    assert agrees("91350100M000100Y43", "state_enterprise")
    assert not agrees(UNIVERSITY, "agency")
