"""For each table the condition under which an actor sees a row; within the tenant, which `visible` adds."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_, select

from api.access import Actor, within
from api.domain.consents import EMPLOYER_DETAILS, PURPOSES
from api.domain.hosting import UNPUBLISHED
from api.models import (
    Activity,
    Affiliation,
    ApiClient,
    Assessment,
    Case,
    Consent,
    Credential,
    Cycle,
    Delivery,
    Document,
    Entry,
    Erasure,
    Fact,
    Grant,
    Job,
    Need,
    OrganizationLink,
    Person,
    Resource,
    RestrictedPerson,
    Shift,
    Signup,
    Story,
    StoryVoice,
)
from api.visibility.judged import stood
from api.visibility.opinions import papers

Condition = sa.ColumnElement[bool]

DISPUTED = "disputed"
"""State of an employment that a second employer claims: until a case is decided it opens no door and counts nowhere."""


GONE = ("restricted", "erased")
"""States of a person who asked to be erased: their record is their own and the auditor's while it has to be kept."""

JOBS = ("staff", "committee_seat", "posted", "seconded")
"""Kinds of affiliation that an office notes: they carry grants, and show nobody whose person it is."""


def everybody(_actor: Actor) -> Condition:
    """Let everybody of the tenant see a row."""
    return sa.true()


def people(actor: Actor) -> Condition:
    """Show oneself, and who belongs where the actor may read people."""
    held = select(Affiliation.person_id).where(
        within(actor, "person.read", Affiliation.organization_id),
        Affiliation.kind.not_in((*JOBS, "team")),  # to help with a team elsewhere shows nobody there who one is
        Affiliation.valid_to.is_(None),
        Affiliation.state != DISPUTED,
    )
    return or_(Person.id == actor.person_id, sa.and_(Person.id.in_(held), Person.state.not_in(GONE)))


def _employed_in_reach(actor: Actor) -> Condition:
    # A former employer knows nothing of what its people do since.
    employed = select(Affiliation.person_id).where(
        Affiliation.kind == "employment",
        Affiliation.valid_to.is_(None),
        Affiliation.state != DISPUTED,
        within(actor, "person.read", Affiliation.organization_id),
    )
    return Affiliation.person_id.in_(employed)


def affiliations(actor: Actor) -> Condition:
    """Show one's own, registrations within reach, and to employers their people's principal registration."""
    return or_(
        Affiliation.person_id == actor.person_id,
        within(actor, "registration.read", Affiliation.organization_id),
        # Where somebody helps besides their principal community is nothing of the employer's.
        sa.and_(Affiliation.kind == "registration", Affiliation.principal, _employed_in_reach(actor.only("liaison"))),
    )


def links(actor: Actor) -> Condition:
    """Show every link but registrations, which only their two sides see."""
    return or_(
        OrganizationLink.kind != "registration",
        within(actor, "registration.read", OrganizationLink.to_id),
        within(actor, "registration.read", OrganizationLink.from_id),
    )


def needs(actor: Actor) -> Condition:
    """Show what is published, one's own, and what waits within reach."""
    public = Need.state.in_(("published", "matched", "in_progress", "done", "confirmed"))
    return or_(public, Need.asked_by == actor.person_id, within(actor, "need.publish", Need.community_id))


def stories(actor: Actor) -> Condition:
    """Show what is published, and the rest to those whom it is about and to the community."""
    units = within(actor, "story.agree", StoryVoice.organization_id)
    about = select(StoryVoice.story_id).where(or_(StoryVoice.person_id == actor.person_id, units))
    return or_(Story.state == "published", Story.id.in_(about), within(actor, "story.publish", Story.community_id))


def resources(actor: Actor) -> Condition:
    """Show what is offered, and one's own organisation's drafts."""
    return or_(Resource.state.in_(("published", "exhausted")), within(actor, "resource.edit", Resource.organization_id))


def activities(actor: Actor) -> Condition:
    """Show what is no draft, and drafts to who leads, hosts or organises."""
    return or_(
        Activity.state.not_in(UNPUBLISHED),
        Activity.leader_id == actor.person_id,
        within(actor, "activity.edit", Activity.community_id),
        within(actor, "activity.edit", Activity.organizer_id),
    )


def signups(actor: Actor) -> Condition:
    """Show one's own, and those of shifts that one leads, hosts or organises."""
    shifts = select(Shift.id).join(Activity, Activity.id == Shift.activity_id)
    led = shifts.where(
        or_(
            Activity.leader_id == actor.person_id,
            within(actor, "signup.read", Shift.community_id),
            within(actor, "signup.read", Activity.organizer_id),
        )
    )
    gone = select(RestrictedPerson.person_id).where(RestrictedPerson.tenant_id == actor.tenant_id)
    return or_(Signup.person_id == actor.person_id, sa.and_(Signup.shift_id.in_(led), Signup.person_id.not_in(gone)))


def _merged_accounts(actor: Actor) -> Any:
    """The accounts of records that were merged into the actor's own: their facts stay where they are."""
    return select(Person.account_id).where(Person.merged_into == actor.person_id, Person.state == "merged")


def facts(actor: Actor) -> Condition:
    """Show one's own, a community's within reach, and to auditors what lies in theirs."""
    where = (within(actor, "organization.record", column) for column in (Fact.account_id, Fact.community_id))
    return or_(
        Fact.account_id == actor.account_id,
        Fact.account_id.in_(_merged_accounts(actor)),
        sa.and_(within(actor, "fact.reverse", Fact.community_id), _unrestricted(Fact.account_id)),
        sa.and_(Fact.account_kind == "organization", or_(*where)),
        _audited(actor, "fact.read", Fact),
    )


def entries(actor: Actor) -> Condition:
    """Show one's own, a community's within reach, and to employers what their people agreed to."""
    return or_(
        Entry.account_id == actor.account_id,
        Entry.account_id.in_(_merged_accounts(actor)),
        sa.and_(
            or_(
                within(actor, "entry.supplement", Entry.community_id),
                within(actor, "entry.reverse", Entry.community_id),
            ),
            _unrestricted(Entry.account_id),
        ),
        _told_in_detail(actor),
        _audited(actor, "entry.read", Entry),
    )


def _audited(actor: Actor, step: str, table: Any) -> Condition:
    """Return what an auditor looks at: what was recorded in their communities or of their employers, on that day."""
    auditor = actor.only("auditor")
    return or_(*(within(auditor, step, column) for column in (table.community_id, table.employer_id)))


def grants(actor: Actor) -> Condition:
    """Show one's own, those that one gave, and those within reach."""
    own = or_(Grant.person_id == actor.person_id, Grant.given_by == actor.person_id)
    return or_(own, within(actor, "grant.read", Grant.organization_id))


def _unrestricted(account: Any) -> Condition:
    gone = sa.exists().where(RestrictedPerson.account_id == account)
    return ~gone.correlate_except(RestrictedPerson)  # by itself it looks no further out than one statement


def _told_in_detail(actor: Actor) -> Condition:
    """Entries of whoever agrees, in the words of today, that the employer of that day sees them."""
    liaison = actor.only("liaison")
    if not liaison.reaches_for("organization.record"):
        return sa.false()
    agreed = (
        select(Person.account_id)
        .join(Consent, Consent.person_id == Person.id)
        .where(
            Consent.tenant_id == actor.tenant_id,
            Consent.purpose == EMPLOYER_DETAILS,
            Consent.recipient_id == Entry.employer_id,
            Consent.state == "given",
            Consent.text_version == PURPOSES[EMPLOYER_DETAILS].current.version,
        )
    )
    return sa.and_(within(liaison, "organization.record", Entry.employer_id), Entry.account_id.in_(agreed))


def cases(actor: Actor) -> Condition:
    """Show what one asked for, what is decided within reach, and what one answered there before it moved up."""
    answered = Case.answered_by == actor.person_id if actor.reaches_for("case.read") else sa.false()
    return or_(Case.opened_by == actor.person_id, within(actor, "case.read", Case.organization_id), answered)


def documents(actor: Actor) -> Condition:
    """Show issued ones to whom they are for or were delivered, and all to who issues; some to named readers alone."""
    delivered = select(Delivery.document_id).where(within(actor, "document.read", Delivery.recipient_id))
    told = or_(
        Document.recipient_id == actor.person_id,
        Document.circle == "public",
        within(actor, "document.read", Document.recipient_id),
        Document.id.in_(delivered),
    )
    erased = select(Erasure.person_id).where(Erasure.tenant_id == actor.tenant_id)
    seen = or_(sa.and_(Document.state != "drafted", told), within(actor, "document.read", Document.issuer_id))
    seen = or_(sa.and_(Document.circle != "named", seen), sa.and_(Document.circle == "named", papers(actor)))
    audited = within(actor.only("auditor"), "document.read", Document.issuer_id)
    return sa.and_(seen, or_(Document.recipient_id.is_(None), Document.recipient_id.not_in(erased), audited))


def deliveries(actor: Actor) -> Condition:
    """Show those to a recipient within reach, and those of what one issued."""
    issued = select(Document.id).where(within(actor, "delivery.read", Document.issuer_id))
    return or_(within(actor, "delivery.read", Delivery.recipient_id), Delivery.document_id.in_(issued))


_judging = sa.orm.aliased(Cycle, name="judging_cycle")


def assessments(actor: Actor) -> Condition:
    """Show one's own once they are published, and those of cycles within reach; also what was replaced since."""
    told = _judging.state.in_(("published", "appeals", "final", "delivered"))
    own = sa.and_(Assessment.subject_id == actor.account_id, told)
    office = sa.and_(
        within(actor, "assessment.read", _judging.organization_id),
        or_(
            _unrestricted(Assessment.subject_id),
            within(actor.only("auditor"), "assessment.read", _judging.organization_id),
        ),
    )
    return sa.exists().where(stood(Assessment, _judging), or_(own, office))


def jobs(actor: Actor) -> Condition:
    """Show one's own, and those of organisations within reach."""
    return or_(Job.actor_id == actor.person_id, within(actor, "job.read", Job.organization_id))


def api_clients(actor: Actor) -> Condition:
    """Show the systems of organisations within reach."""
    return within(actor, "api_client.read", ApiClient.organization_id)


def credentials(actor: Actor) -> Condition:
    """One's own, and those of staff: of who holds a role where the actor opens accounts."""
    staff = select(Grant.person_id).where(
        Grant.person_id.is_not(None),
        Grant.state.in_(("active", "proposed")),
        within(actor, "credential.read", Grant.organization_id),
    )
    return or_(Credential.person_id == actor.person_id, Credential.person_id.in_(staff))
