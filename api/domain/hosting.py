"""承办: what a unit organises in a community is published once the community agreed to host it."""

from __future__ import annotations

from api.errors import Conflict

UNPUBLISHED = ("draft", "offered", "hosted")
"""States of an activity of which only who leads, organises or hosts it knows."""


class HostNotAsked(Conflict):
    """The community has not agreed to host the activity."""

    code = "host_not_asked"
    zh, en = "须先提请社区并经其同意承办，再发布", "Ask the community to host it first; it is published once it agreed"


def require_hosted(state: str, hosts: bool) -> None:
    """Raise HostNotAsked for a draft that is published by somebody who does not act for the host."""
    if state == "draft" and not hosts:
        raise HostNotAsked
