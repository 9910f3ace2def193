"""Roles and the steps that they may take: the one table of permissions."""

from __future__ import annotations

_DISTRICT = """
    cycle.tally cycle.turnout review.list review.read panel.list panel.read
    payment.list payment.read payment.allocate payment.donate payment.allot payment.confirm payment.decline
    payment.withdraw payment.reverse payment.donor payment.evidence fund.publish funding_rule.set
    resource.create resource.edit resource.publish resource.withdraw
    match_rule.set match_run.create match_run.preview match_run.list match_run.read match_run.figures
    match_proposal.list match_proposal.read need.unserved
    person_merge.propose person_merge.list person_merge.read person_merge.undo
    switch.set emergency.propose emergency.confirm emergency.decline emergency.end emergency.roll
    grant.read grant.create grant.confirm grant.decline grant.end
    affiliation.read affiliation.create affiliation.end
    organization.read organization.create organization.edit organization.count
    organization.move organization.end organization_link.create organization_link.end organization.record
    registration.read
    need.read resource.read project.read activity.read shift.read signup.read fact.read entry.read
    entry.reverse rulebook.read rulebook.create rulebook.edit rulebook.lint rulebook.check rulebook.simulate
    rulebook.activate rulebook.retire cycle.create cycle.read cycle.compute cycle.open_self_review
    cycle.open_public_review cycle.publish cycle.open_appeals cycle.finalize
    cycle.set_calendar cycle.quota cycle.allotments ruling.propose ruling.confirm ruling.decline
    ruling.read
    cycle.deliver cycle.recompute cycle.amend recomputation.list recomputation.read recomputation.adopt
    recomputation.drop assessment.read assessment.explain document.read document.export document.create document.edit
    document.issue document.revoke delivery.read delivery.list case.read case.assign case.evidence case.answer
    case.close
    file.create job.read job.cancel event.read event.list event.export list.import person.import unit.import
    case.list case.escalate import.create entry.supplement
    signal.read signal.facts signal.judge sanction.read sanction.propose sanction.confirm sanction.decline
    sanction.suspend sanction.release
    record.import record.export document.propose_revocation document.keep opinion.list opinion.read"""

# Roles → steps. A step is also the operation id of its route, the kind of its event and an entry of `allowedActions`.
# `anyone` needs no token; every person who signed in is a `member` for what is their own.
STEPS_OF_ROLE: dict[str, frozenset[str]] = {
    role: frozenset(steps.split())
    for role, steps in {
        "anyone": """
            complaint.create complaint.track review.by_slip
            session.wechat session.wecom session.oidc_start session.oidc
            identity.claim identity.register
            confirmation_slip.show confirmation_slip.answer
            rulebook.schema document.verify checkpoint.list checkpoint.compare checkpoint.witnessed witness.sign
            platform.health platform.ready platform.keys session.demo
            privacy.registry erasure.read
            sign_in.refresh session.token session.password credential.set_up credential.confirm""",
        "member": """
            need.support need.withdraw_support need.vote need.backing project.review project.ratings project.account
            payment.list payment.read payment.donate payment.withdraw fund.statement fund.figures funding_rule.list
            cycle.figures cycle.ranking
            cycle.review cycle.recuse cycle.rubrics review.list review.read review.due review.reply
            panel.list panel.read
            team.list team.read team.tell team.join team.leave
            availability.read availability.edit match_proposal.mine match_proposal.read match_proposal.accept
            match_proposal.decline match_rule.list
            signal.list signal.read signal.facts signal.reply sanction.list sanction.read sanction.appeal
            inbox.list inbox.count switch.list emergency.list emergency.read
            grant.list grant.read grant.end
            session.me sign_in.list sign_in.end sign_in.end_all sign_in.log_out
            device.create device.list device.end presence.record_offline
            credential.change credential.renew_recovery
            consent.list consent.give consent.refuse consent.withdraw data_export.create data_export.list
            file.create profile.read profile.edit archive.read document.archive
            data_export.fetch correction.create erasure.preview erasure.create access_log.mine
            home.read organization.read need.list need.read need.create need.submit need.confirm need.edit
            need.claim need.start need.complete need.release need.thank need.contact need.attachment
            story.tell story.agree story.retract story.list story.read
            resource.read resource.list resource.calendar project.read project.list
            activity.read activity.list activity.edit
            project_person.list project_person.read project_person.claim project_person.end project_person.renew
            pledge.make pledge.show pledge.withdraw pairing.household pairing.visit pairing.visits
            activity.complete shift.read shift.list shift.edit shift.cancel shift.roll_call shift.settle
            shift.show_code shift.print_sheet signup.create signup.cancel signup.read signup.list signup.confirm
            opinion.procedures opinion.list opinion.read opinion.vote opinion.reply
            fact.check_in fact.check_out fact.list fact.read registration.submit registration.read registration.list
            confirmation_slip.create confirmation_slip.list confirmation_slip.read confirmation_slip.confirm
            confirmation_slip.deny confirmation_slip.revoke confirmation_slip.print
            registration.transfer presence.record presence.record_list presence.show_code
            presence.leave presence.list_mine presence.list_open
            entry.list entry.read record.mine
            record.read proof.read proof.list
            assessment.read assessment.list assessment.mine assessment.explain assessment.print
            cycle.what_if document.read
            ruling.list ruling.read
            document.list document.preview document.export document.certify case.create case.read rulebook.read
            rulebook.list cycle.read cycle.list job.read job.list job.cancel file.read
            organization.list organization_link.read organization_link.list
            case.list case.reopen case.escalate case.evidence case.withdraw cycle.appeal""",
        "liaison": """
            payment.list payment.read payment.allocate payment.donate payment.allot payment.confirm payment.decline
            payment.withdraw payment.reverse payment.donor payment.evidence fund.publish
            payment.spend
            cycle.review cycle.recuse review.list review.read review.reply
            opinion.create opinion.list opinion.read
            match_proposal.read match_proposal.accept match_proposal.decline
            cycle.appeal
            signal.read signal.facts signal.reply sanction.read sanction.appeal
            confirmation_slip.create confirmation_slip.revoke confirmation_slip.read
            person.search
            grant.read grant.create grant.end affiliation.read affiliation.create affiliation.end
            claim_code.create claim_code.list claim_code.read claim_code.revoke
            organization.read organization.record person.read person.unmask person.import registration.read
            registration.submit registration.end resource.create resource.edit resource.publish
            resource.withdraw need.read need.claim need.start need.complete need.release need.contact story.agree
            story.retract project.propose project.accept project.counter project.decline
            pledge.make pledge.speak pledge.show pledge.withdraw
            project.cancel project.write project.messages project.history
            project.bookings project.renew project.move_booking project.cancel_booking
            project.deliver project.read project.start activity.create activity.edit activity.publish
            activity.cancel activity.complete shift.create shift.create_series shift.edit shift.cancel
            activity.offer document.read document.export
            delivery.read delivery.acknowledge delivery.adopt delivery.dispute fact.record case.create case.read
            assessment.told
            case.assign case.evidence case.answer case.close
            file.create job.cancel delivery.list
            case.list person.list import.create""",
        "organiser": """
            confirmation_slip.create confirmation_slip.revoke
            activity.edit activity.complete shift.edit shift.cancel shift.roll_call shift.settle shift.show_code
            shift.print_sheet signup.read signup.confirm""",
        "community_worker": """
            payment.list payment.read payment.allocate payment.donate payment.allot payment.confirm payment.decline
            payment.withdraw payment.reverse payment.donor payment.evidence fund.publish
            payment.spend need.convene project.announce
            resource.create resource.edit resource.publish resource.withdraw
            cycle.appeal cycle.review cycle.recuse review.list review.read review.reply
            panel.create panel.set_roster panel.fix panel.list panel.read
            opinion.list opinion.read opinion.speak opinion.convene opinion.draft opinion.issue
            team.create team.edit team.end
            match_run.create match_run.preview match_run.list match_run.read match_run.figures
            match_proposal.list match_proposal.read match_proposal.rate need.unserved
            signal.read signal.facts signal.reply sanction.read sanction.appeal
            consent.record_guardian consent.withdraw_guardian record.import document.propose_revocation
            confirmation_slip.create confirmation_slip.revoke confirmation_slip.read
            person.search
            grant.read grant.create grant.end affiliation.read affiliation.create affiliation.end
            claim_code.create claim_code.list claim_code.read claim_code.revoke
            organization.read organization.record registration.read registration.accept registration.return
            registration.redirect registration.end registration.renew registration.transfer need.read
            need.create need.edit need.submit need.publish need.decline need.release need.withdraw need.confirm
            need.prolong need.answer need.contact need.thank
            story.tell story.read story.publish story.decline story.retract
            resource.read project.read project.propose project.accept project.counter project.decline
            project.start project.deliver
            duty_post.publish duty_post.close pledge.confirm project_person.list project_person.read
            pairing.propose pairing.household pairing.visits pairing.end
            project_person.accept project_person.decline project_person.end project_person.renew project_person.mark
            project.rate project.close project.cancel project.release project.write project.messages project.history
            project.bookings project.renew project.move_booking project.cancel_booking
            activity.create activity.edit activity.publish
            activity.complete activity.cancel activity.offer activity.host activity.return
            shift.create shift.create_series shift.edit shift.cancel
            shift.roll_call shift.settle shift.show_code shift.print_sheet signup.read signup.confirm fact.record
            fact.read fact.reverse entry.read entry.supplement case.read case.assign case.evidence case.answer
            case.close
            document.read document.export delivery.read delivery.list list.import file.create job.cancel
            assessment.told
            person.read person.unmask case.list case.escalate person.list import.create""",
        "street_officer": """
            payment.list payment.read payment.allocate payment.donate payment.allot payment.confirm payment.decline
            payment.withdraw payment.reverse payment.donor payment.evidence fund.publish
            resource.create resource.edit resource.publish resource.withdraw
            cycle.create cycle.compute cycle.tally cycle.set_calendar cycle.open_self_review cycle.open_public_review
            cycle.publish cycle.open_appeals cycle.finalize cycle.deliver assessment.explain rulebook.create
            rulebook.edit rulebook.lint rulebook.check rulebook.simulate rulebook.activate rulebook.retire
            job.read job.cancel
            cycle.appeal cycle.review cycle.recuse review.list review.read review.reply
            opinion.list opinion.read
            match_run.create match_run.preview match_run.list match_run.read match_run.figures
            match_proposal.list match_proposal.read need.unserved
            signal.read signal.facts signal.judge sanction.read sanction.propose sanction.confirm sanction.decline
            sanction.suspend sanction.release cycle.quota cycle.allotments ruling.read assessment.told
            ruling.propose ruling.confirm ruling.decline cycle.recompute cycle.amend recomputation.list
            recomputation.read recomputation.adopt recomputation.drop cycle.turnout
            person_merge.propose person_merge.list person_merge.read person_merge.undo
            event.read event.list
            grant.read grant.create grant.end affiliation.read affiliation.create affiliation.end
            organization.read organization.record registration.read need.read need.publish need.decline resource.read
            project.read activity.read shift.read signup.read fact.read entry.read entry.reverse cycle.read
            assessment.read case.read case.assign case.evidence case.answer case.close document.read document.export
            delivery.read delivery.list
            case.list case.escalate""",
        "district_officer": _DISTRICT,
        "city_officer": f"{_DISTRICT} organization.import",  # a list of divisions concerns the whole tenant
        "work_committee_officer": """
            payment.list payment.read payment.confirm payment.decline
            cycle.appeal cycle.review cycle.recuse review.list review.read review.reply
            panel.create panel.set_roster panel.fix panel.list panel.read
            duty_post.publish duty_post.close pledge.confirm project_person.list project_person.read
            project_person.accept project_person.decline project_person.end project_person.renew project_person.mark
            opinion.create opinion.list opinion.read opinion.speak opinion.convene opinion.draft opinion.issue
            delivery.acknowledge delivery.adopt delivery.dispute
            person_merge.propose person_merge.list person_merge.read person_merge.undo
            grant.read grant.create grant.end affiliation.read affiliation.create affiliation.end
            organization.read document.create document.edit document.import document.rebalance document.preview
            document.history document.issue document.revoke document.propose_revocation document.keep
            document.read document.export delivery.read delivery.list
            registration.read file.create job.read case.read unit.import
            assessment.told
            case.list case.assign case.evidence case.answer case.close import.create""",
        "department_handler": """
            case.read case.evidence case.answer document.read
            case.list""",
        "system_admin": """
            organization.read organization.import organization.create organization.edit organization.count
            organization.move organization.end organization_link.create organization_link.end unit.import
            person.import list.import job.read job.cancel
            file.create tenant.read record.import record.export
            import.create entry.supplement""",
        "security_admin": """
            access_log.read access_log.list access_log.export job.read
            grant.list grant.read grant.create grant.confirm grant.decline grant.end organization.read
            api_client.list api_client.read api_client.create api_client.end api_key.list api_key.create api_key.end
            credential.list credential.read credential.create credential.reset credential.end
            witness.list witness.read witness.create witness.end""",
        "auditor": """
            payment.list payment.read payment.donor payment.evidence
            review.list review.read panel.list panel.read
            recomputation.list recomputation.read signal.read signal.facts sanction.read
            witness.list witness.read
            event.list event.export access_log.read access_log.list access_log.export
            grant.list grant.read
            ruling.read cycle.allotments cycle.quota
            organization.read erasure.list event.read fact.read entry.read document.read cycle.read
            assessment.read job.read person.read case.read
            case.list person.list""",
    }.items()
}


def roles_of(step: str) -> frozenset[str]:
    """Return the roles that may take a step; a step that no role may take is a mistake of the program."""
    roles = frozenset(role for role, steps in STEPS_OF_ROLE.items() if step in steps)
    if not roles:
        raise LookupError(f"no role may take the step {step}")
    return roles


# An API client holds a role at a node like a person, narrowed to the steps of its scope. It has no own affairs: of what
# members do it takes only what everybody may read, and it hands out no access to others.
CLIENT_ROLES = frozenset({"liaison", "community_worker", "street_officer", "department_handler"})
_FOR_ALL_CLIENTS = """
    organization.read organization.list organization_link.read organization_link.list need.read need.list resource.read
    resource.list resource.calendar project.read project.list activity.read activity.list shift.read shift.list
    rulebook.read
    rulebook.list cycle.read job.read job.list document.read document.list fact.read fact.list entry.read entry.list
    registration.read registration.list signup.read signup.list"""
CLIENT_READS = frozenset(_FOR_ALL_CLIENTS.split())
_NEVER_A_CLIENTS = {
    "grant", "claim_code", "api_client", "api_key", "credential", "sign_in", "session", "witness", "opinion", "review",
    "panel", "payment", "fund", "pledge", "pairing", "project_person",
}  # fmt: skip


_SPOKEN = {"cycle.review", "cycle.recuse", "review.reply"}  # what only a person says, for whomever they speak
_DECIDED = {"cycle", "rulebook"}  # of these a client only reads: people judge, and by rules that people made


def client_steps(role: str) -> frozenset[str]:
    """Return the steps that a client in this role may be given."""
    if role not in CLIENT_ROLES:
        return frozenset()
    own = {step for step in STEPS_OF_ROLE[role] if step.split(".")[0] not in _NEVER_A_CLIENTS}
    judged = {step for step in own if step.split(".")[0] in _DECIDED}
    return CLIENT_READS | (own - _SPOKEN - judged)
