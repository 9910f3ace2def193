"""Records as thin and odd as those of a city's volunteer site: each outcome is worked out by hand beside its row."""

from __future__ import annotations

import csv
import io
from zoneinfo import ZoneInfo

import pytest

from api.domain.past_rows import read_past_services
from api.domain.supplementary import Verdict, judge_past_service, totals
from api.domain.workdays import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
HEADER = "page_id,activity_no,title,area,place,group,credited_hours,start,end,window_hours,participants,flags,note"
# Minutes that stand, minutes to review, what is done, why it is reviewed, what is told; then the record.
RECORDS = """
390 reviewed head_count_missing split_by_day|6.5,2018-07-30 19:00,2018-08-07 21:00,,multi_day_window,evenings
162+0 split - split_by_day|2.7,2019-02-25 09:40,2019-03-01 15:40,3,multi_day_window,between lessons
510 reviewed over_daily_tier_parent,different_hours_a_person credited_less_than_window|8.5,2019-03-02 08:00,2019-03-02 18:00,10,,4 people; 6 only in the morning
210+0 credited - role_bonus_hours|3.5,2019-07-18 08:30,2019-07-18 12:00,17,role_bonus_hours,writer +1h
120 reviewed head_count_missing -|2,2019-08-27 14:30,2019-08-27 16:30,,,
180+0 credited - -|3,2020-01-10 08:00,2020-01-10 11:00,7,,three groups at three estates
240 reviewed different_hours_a_person role_bonus_hours|4,2020-09-03 07:30,2020-09-03 11:30,17,role_bonus_hours,4 people from 07:30; 13 people from 08:30; +1h
90 reviewed different_hours_a_person credited_less_than_window|1.5,2020-09-18 16:00,2020-09-18 18:15,5,,3 people 1.5h; 2 people 2.5h
240+0 split - split_by_shift|4,2020-10-20 07:00,2020-10-20 17:00,10,two_shifts,two shifts 07-09 (4 people) and 15-17 (6 people)
120 reviewed zero_or_negative_window role_bonus_hours|2,2021-10-09 15:30,2021-10-09 15:30,15,role_bonus_hours,start equals end
540 reviewed over_daily_tier_parent,head_count_missing,different_hours_a_person -|9,2021-10-15 09:00,2021-10-15 18:00,,,people came and left
480+60 capped over_daily_tier_parent -|9,2021-10-15 09:00,2021-10-15 18:00,40,,
384 reviewed credited_more_than_window,head_count_missing role_bonus_hours|6.4,2022-10-04 05:40,2022-10-04 12:00,,,leader +1h
380+4 capped credited_more_than_window -|6.4,2022-10-04 05:40,2022-10-04 12:00,9,,
270 reviewed registered_years_later -|4.5,2022-11-07 17:00,2022-11-07 21:30,3,registered_in_later_year,back-dated
360+0 credited - -|6,2024-10-20 05:30,2024-10-20 11:30,123,,3 staff volunteers lead 120 recruited
""".strip().splitlines()  # noqa: E501 - one record a line


def judged(line: str) -> tuple[list[str], Verdict]:
    expected, _, record = line.partition("|")
    hours, start, end, people, flags, note = record.split(",")
    number = "2024000001" if "later_year" in flags else f"{start[:4]}000001"
    row = ["1", number, "清理楼道", "东街道", "一号楼", "志愿队", hours, start, end, "", people, flags, note]
    reading = read_past_services(HEADER.split(","), [(2, row)], SHANGHAI)
    assert not reading.refused
    return expected.split(), judge_past_service(reading.rows[0].service, SHANGHAI, WorkCalendar())


@pytest.mark.parametrize("line", RECORDS)
def test_each_record_is_credited_split_capped_or_reviewed_for_its_reason(line: str) -> None:
    (minutes, outcome, reasons, remarks), found = judged(line)
    accepted, _, rest = minutes.rpartition("+")
    assert (found.accepted, found.reviewed, found.outcome) == (
        (int(accepted), int(rest), outcome) if accepted else (0, int(rest), outcome)
    )
    assert (",".join(found.reasons) or "-", ",".join(found.remarks) or "-") == (reasons, remarks)
    for said in found.line().values():
        assert len(said.splitlines()) == 1
        assert "{" not in said


def test_every_minute_that_is_stated_stands_or_is_reviewed() -> None:
    verdicts = [judged(line)[1] for line in RECORDS]
    stated = sum(float(next(csv.reader(io.StringIO(line.partition("|")[2])))[0]) * 60 for line in RECORDS)
    counted = totals(verdicts)
    assert counted["accepted_minutes"] + counted["reviewed_minutes"] == round(stated) == 4740  # summed by hand
