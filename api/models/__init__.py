"""Tables: what is remembered. Importing this package declares every one of them."""

from api.models.appeals import Recomputation
from api.models.archive import CertifiedEntry, OutsideRecord, Profile
from api.models.audit import AccessLog, AccessLogSubject
from api.models.base import NOBODY
from api.models.claims import ClaimCode, PersonMerge
from api.models.complaints import ComplaintTicket
from api.models.confirmations import ConfirmationSlip
from api.models.devices import Device, OfflineItem
from api.models.funds import FundingRule, Payment
from api.models.judgement import Assessment, Case, Cycle, Delivery, Document, NumberSeries, Rulebook
from api.models.lists import Need, Project, ProjectParty, Resource, SearchTerm, SearchWindow, Story, StoryVoice
from api.models.matching import Availability, MatchGap, MatchProposal, MatchRule, MatchRun, Team
from api.models.measures import Emergency, SwitchSetting
from api.models.negotiation import Booking, ProjectMessage
from api.models.opinions import Opinion, OpinionReader
from api.models.parties import Household, ProjectPerson, Visit
from api.models.people import Affiliation, Grant, Identity, Person, PersonStatus
from api.models.record import Checkpoint, Entry, Event, Fact, LedgerColumns, MonthlyTotal, Position, TreeNode
from api.models.reviews import Panel, PanelMember, Review
from api.models.rights import Consent, DataExport, Disclosure, Erasure, RestrictedPerson
from api.models.rulings import Allotment, QuotaGroup, Ruling
from api.models.service import Activity, Shift, Signup
from api.models.sign_ins import RefreshToken, SignIn
from api.models.signals import Sanction, Signal, SignalRun
from api.models.structure import Organization, OrganizationCode, OrganizationCount, OrganizationLink, Tenant
from api.models.subjects import CycleRulebook
from api.models.tickets import SpentTicket
from api.models.ways_in import ApiClient, ApiKey, Credential, Trial
from api.models.witnesses import Witness, WitnessedCheckpoint
from api.models.work import File, Job, VaultKey

__all__ = [
    "NOBODY",
    "AccessLog",
    "AccessLogSubject",
    "Activity",
    "Affiliation",
    "Allotment",
    "ApiClient",
    "ApiKey",
    "Assessment",
    "Availability",
    "Booking",
    "Case",
    "CertifiedEntry",
    "Checkpoint",
    "ClaimCode",
    "ComplaintTicket",
    "ConfirmationSlip",
    "Consent",
    "Credential",
    "Cycle",
    "CycleRulebook",
    "DataExport",
    "Delivery",
    "Device",
    "Disclosure",
    "Document",
    "Emergency",
    "Entry",
    "Erasure",
    "Event",
    "Fact",
    "File",
    "FundingRule",
    "Grant",
    "Household",
    "Identity",
    "Job",
    "LedgerColumns",
    "MatchGap",
    "MatchProposal",
    "MatchRule",
    "MatchRun",
    "MonthlyTotal",
    "Need",
    "NumberSeries",
    "OfflineItem",
    "Opinion",
    "OpinionReader",
    "Organization",
    "OrganizationCode",
    "OrganizationCount",
    "OrganizationLink",
    "OutsideRecord",
    "Panel",
    "PanelMember",
    "Payment",
    "Person",
    "PersonMerge",
    "PersonStatus",
    "Position",
    "Profile",
    "Project",
    "ProjectMessage",
    "ProjectParty",
    "ProjectPerson",
    "QuotaGroup",
    "Recomputation",
    "RefreshToken",
    "Resource",
    "RestrictedPerson",
    "Review",
    "Rulebook",
    "Ruling",
    "Sanction",
    "SearchTerm",
    "SearchWindow",
    "Shift",
    "SignIn",
    "Signal",
    "SignalRun",
    "Signup",
    "SpentTicket",
    "Story",
    "StoryVoice",
    "SwitchSetting",
    "Team",
    "Tenant",
    "TreeNode",
    "Trial",
    "VaultKey",
    "Visit",
    "Witness",
    "WitnessedCheckpoint",
]
