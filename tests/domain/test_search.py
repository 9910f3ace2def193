"""The terms under which texts are found."""

import pytest

from api.domain.search import NothingToFind, terms, wanted


def test_chinese_signs_stand_alone_and_with_their_neighbour() -> None:
    assert terms("老人理发") == {"老", "人", "理", "发", "老人", "人理", "理发"}


def test_other_words_stand_whole_and_width_and_case_do_not_matter() -> None:
    assert terms("ＡＥＤ 培训, Room_7") == {"aed", "room", "7", "培", "训", "培训"}


@pytest.mark.parametrize("text", ["养老", "理发", "修", "AED", "养老服务", "3"])
def test_a_text_is_found_by_every_word_that_stands_in_it(text: str) -> None:
    assert set(wanted(text)) <= terms(f"社区为居民{text}，AED 在 3 楼；修")


def test_two_signs_that_do_not_stand_side_by_side_are_not_a_word() -> None:
    assert not set(wanted("养老")) <= terms("修养，老年")


def test_a_word_does_not_reach_over_a_comma() -> None:
    assert not set(wanted("人理")) <= terms("老人，理发")


@pytest.mark.parametrize("text", ["", "  ", "，。！", "_", "🙂"])
def test_signs_alone_find_nothing(text: str) -> None:
    assert terms(text) == frozenset()
    with pytest.raises(NothingToFind):
        wanted(text)
