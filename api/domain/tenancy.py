"""Who may be a tenant: a district, county or above; units below it take part, they do not own the system.

国办函〔2026〕12号: bodies below county level run no application of their own.
"""

from __future__ import annotations

import re

from api.errors import Invalid

# 12-digit statistical codes name province, city and county by their first six digits and zeros after.
_CODED = re.compile(r"[0-9]{6}(?:0{3}|0{6})?")
_BELOW = re.compile(r".*(?:街道|街道办事处|乡|镇|社区|村|居委会|居民委员会|村民委员会)")


class BelowCounty(Invalid):
    """A street, township, community or village is no tenant."""

    code = "below_county"
    zh = "“{name}”在县级以下；租户须为区县及以上（国办函〔2026〕12号）"
    en = "{name} lies below county level; a tenant is a district, county or above"


def require_county_or_above(code: str, name: str) -> None:
    """Raise BelowCounty for a division code that goes below the county, or the name of a street or community."""
    if (code.isdigit() and not _CODED.fullmatch(code)) or _BELOW.fullmatch(name):
        raise BelowCounty(name=name)
