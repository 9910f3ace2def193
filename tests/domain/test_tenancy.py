"""A tenant is a district, county or above."""

import pytest

from api.domain.tenancy import BelowCounty, require_county_or_above


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("320500", "苏州市"),
        ("320508", "姑苏区"),
        ("320508000000", "姑苏区"),
        ("szhp", "虎丘区"),
        ("testcity", "测试市"),
    ],
)
def test_a_county_and_what_lies_above_may_be_a_tenant(code, name):
    require_county_or_above(code, name)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("320508001", "某地"),
        ("320508001000", "某地"),
        ("320508001002", "某地"),
        ("x", "桃园街道"),
        ("x", "桃园社区"),
        ("x", "柳镇"),
    ],
)
def test_what_lies_below_is_refused(code, name):
    with pytest.raises(BelowCounty):
        require_county_or_above(code, name)
