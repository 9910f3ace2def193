"""What lint finds: a code at a place, its severity, its words and its remedy in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from api.domain.rulebook.lint_errors import ERRORS
from api.domain.rulebook.lint_warnings import WARNINGS

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One finding; an `error` keeps a rulebook from being activated, a `warning` asks its author to think."""

    severity: Severity
    code: str
    pointer: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str

    def as_row(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "severity": self.severity,
            "code": self.code,
            "pointer": self.pointer,
            "detail": {"zh": self.zh, "en": self.en},
            "remedy": {"zh": self.remedy_zh, "en": self.remedy_en},
        }


def finding(code: str, pointer: str, **facts: object) -> Finding:
    """Return the finding of this code at this place, its words filled in with facts."""
    severity: Severity = "error" if code in ERRORS else "warning"
    zh, en, remedy_zh, remedy_en = ERRORS[code] if severity == "error" else WARNINGS[code]
    return Finding(severity, code, pointer, zh.format(**facts), en.format(**facts), remedy_zh, remedy_en)
