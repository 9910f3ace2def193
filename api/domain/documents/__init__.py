"""Documents (文书): what is frozen when one is issued, how it is numbered and how it is hashed."""

from api.domain.documents.archives import Noted, Told, archive, archive_json
from api.domain.documents.arrangements import (
    Duty,
    Outcome,
    PlanRow,
    Renewed,
    Reserved,
    Signatory,
    agreement,
    plan,
    receipt,
)
from api.domain.documents.certificates import Holder, Served, Source, certificate, duration
from api.domain.documents.content import Head, InvalidContent, Label, Party, Words, content_hash
from api.domain.documents.explanations import Came, explanation
from api.domain.documents.numbers import KINDS, InvalidDocumentNumber, document_number, issuing_code, read_number
from api.domain.documents.opinions import Counted, OpinionSubject, Recorded, Voice, opinion, record_json
from api.domain.documents.statements import MemberLine, RulebookRef, UnitResult, feedback_statement

__all__ = [
    "KINDS",
    "Came",
    "Counted",
    "Duty",
    "Head",
    "Holder",
    "InvalidContent",
    "InvalidDocumentNumber",
    "Label",
    "MemberLine",
    "Noted",
    "OpinionSubject",
    "Outcome",
    "Party",
    "PlanRow",
    "Recorded",
    "Renewed",
    "Reserved",
    "RulebookRef",
    "Served",
    "Signatory",
    "Source",
    "Told",
    "UnitResult",
    "Voice",
    "Words",
    "agreement",
    "archive",
    "archive_json",
    "certificate",
    "content_hash",
    "document_number",
    "duration",
    "explanation",
    "feedback_statement",
    "issuing_code",
    "opinion",
    "plan",
    "read_number",
    "receipt",
    "record_json",
]
