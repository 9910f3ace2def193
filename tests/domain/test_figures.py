"""Figures of an office: what is pooled, what stands, and that sums by class give no unit away."""

from __future__ import annotations

from api.domain.figures import OTHERS, nested, table
from api.domain.suppression import small

ORDER = ["excellent", "good", "poor"]


def people(group, **grades):
    return [(group, grade) for grade, count in grades.items() for _ in range(count)]


def test_fewer_than_five_people_have_no_figures():
    assert table(people("甲", good=4), ORDER).lines == ()
    assert nested([("agency", *each) for each in people("甲", good=4)], ORDER)[0].columns == ()


def test_grades_that_too_few_have_stand_together_with_the_next():
    found = table(people("甲", excellent=9, good=7, poor=2), ORDER)
    assert [(column.names, column.total) for column in found.columns] == [(("excellent",), 9), (("good", "poor"), 9)]
    assert [line.cells for line in found.lines] == [(9, 9)]


def test_small_communities_stand_together_and_with_the_next_smallest():
    found = table(people("甲", good=9) + people("乙", good=2) + people("丙", good=6), ORDER)
    assert [(line.key, line.groups, line.total) for line in found.lines] == [("甲", 1, 9), (OTHERS, 2, 8)]


def test_a_cell_of_few_takes_others_with_it_and_every_total_stays():
    found = table(people("甲", excellent=8, good=9, poor=3) + people("乙", excellent=7, good=6, poor=9), ORDER)
    assert [line.total for line in found.lines] == [22, 20]
    assert [column.total for column in found.columns] == [15, 15, 12]
    by_key = {line.key: line.cells for line in found.lines}
    assert by_key["甲"][2] is None
    assert by_key["乙"][2] is None
    assert sum(cell is None for cell in by_key["甲"]) == 2


def test_what_a_unit_keeps_back_its_class_does_not_give_away():
    members = [("agency", *each) for each in people("一局", good=9, poor=3) + people("二局", good=8, poor=6)]
    members += [("school", *each) for each in people("一中", good=7, poor=8)]
    classes, units = nested(members, ["good", "poor"])
    cells = {line.key: line.cells for line in units.lines}
    assert cells["一局"][1] is None
    agency = next(line for line in classes.lines if line.key == "agency")
    # with both sums of the class told, the other unit of the class must not be
    assert agency.cells[1] is None or cells["二局"][1] is None
    assert {line.above for line in units.lines} == {"agency", "school"}
    assert not any(small(line.total) for line in (*classes.lines, *units.lines))
