"""Documents (文书): what is frozen when one is issued, how it is numbered and how it is hashed."""

from api.domain.documents.archives import Noted, Told, archive, archive_json
from api.domain.documents.arrangements import Duty, Outcome, PlanRow, Signatory, agreement, plan, receipt
from api.domain.documents.certificates import Holder, Served, Source, certificate
from api.domain.documents.content import Head, InvalidContent, Label, Party, Words, content_hash
from api.domain.documents.numbers import KINDS, InvalidDocumentNumber, document_number, issuing_code, read_number
from api.domain.documents.statements import MemberLine, RulebookRef, UnitResult, feedback_statement

__all__ = [
    "KINDS",
    "Duty",
    "Head",
    "Holder",
    "InvalidContent",
    "InvalidDocumentNumber",
    "Label",
    "MemberLine",
    "Noted",
    "Outcome",
    "Party",
    "PlanRow",
    "RulebookRef",
    "Served",
    "Signatory",
    "Source",
    "Told",
    "UnitResult",
    "Words",
    "agreement",
    "archive",
    "archive_json",
    "certificate",
    "content_hash",
    "document_number",
    "feedback_statement",
    "issuing_code",
    "plan",
    "read_number",
    "receipt",
]
