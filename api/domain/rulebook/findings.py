"""A finding of lint: where in the rulebook, what is wrong, and what would mend it, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Finding:
    """One finding; an `error` keeps a rulebook from being activated, a `warning` asks its author to think."""

    severity: Literal["error", "warning"]
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
