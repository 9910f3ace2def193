"""Which columns lead to a person, told by their names: what an export, an erasure and the registry go by.

A column that holds an id and is in none of these sets fails the build (tests/contract/test_privacy.py), so that no new
table is forgotten.
"""

from __future__ import annotations

ABOUT = frozenset(
    {
        "person_id", "account_id", "subject_id", "asked_by", "opened_by", "owner_id", "recipient_id", "survivor_id",
        "merged_id", "merged_into",
    }
)  # fmt: skip
"""The row is about that person (or account, or organisation: ids are unique among all of them)."""

ACTING = frozenset(
    {
        "actor_id", "answered_by", "assigned_to", "given_by", "acknowledged_by", "confirmed_by", "leader_id",
        "drafted_by", "issued_by", "proposed_by", "set_by", "declared_by", "judged_by", "replied_by", "recorded_by",
        "reviewer_id", "written_by", "claimed_by",
    }
)  # fmt: skip
"""The person only did something there; what the row tells may be of others."""

ELSEWHERE = frozenset(
    {
        "activity_id", "affiliation_id", "agreement_id", "answers_id", "branch_id", "case_id", "client_id",
        "community_id", "document_id", "employer_id", "entry_id", "given_under", "grant_id", "group_id",
        "issuer_id", "item_id", "job_id", "key_id", "organization_id", "panel_id", "parent_id", "replaces_id",
        "request_id", "reverses_id", "round_id", "row_id", "shift_id", "sign_in_id", "source_id",
        "successor_id", "renews_id", "resource_id", "project_id", "supersedes_id", "need_id", "story_id", "claimed_for",
        "team_id",
    }
)  # fmt: skip
"""Ids of other things."""

SECRET = ("_index", "_hash", "hash", "salt", "secret", "selector", "request_key", "fingerprint", "wrapped_key")
"""Endings of columns that tell nobody anything, or must not leave: keys, hashes, indexes."""


def is_secret(name: str) -> bool:
    """Say whether a column of this name stays out of every copy."""
    return name.endswith(SECRET)
