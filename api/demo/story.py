"""The story: who takes which step when, each of them over HTTP with the account of the role that takes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.access import Actor
from api.adapters.api_client import ApiClient
from api.calls import House
from api.demo.cast import Member
from api.demo.stage import MovingClock


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation of the story and the account that acts for it."""

    id: str
    name: str
    account: str


@dataclass
class Story:
    """What the chapters share: the API, the clock, who is there, and what has been counted."""

    api: ApiClient
    house: House
    operator: Actor
    clock: MovingClock
    console: Console
    out: Path
    data: Path | None
    communities: list[Place] = field(default_factory=list)
    units: list[Place] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    nodes: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)  # account → person id
    paired: dict[str, Place] = field(default_factory=dict)  # unit id → the community it reports in to
    digest: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def chapter(self, title: str, total: int = 100) -> Iterator[Callable[[int], None]]:
        """Show the progress of one chapter; give the function that is told how much is done."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=not self.console.is_terminal) as progress:
            task = progress.add_task(title, total=total)
            yield lambda done: progress.update(task, completed=done)
            progress.update(task, completed=total)
        if not self.console.is_terminal:
            self.console.print(f"{title} …")

    async def post(self, account: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Take a step as an account."""
        return await self.api.call(account, "POST", path, **({} if body is None else {"json": body}))

    async def every(self, account: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return all items of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"limit": 100, **query, **({"cursor": cursor} if cursor else {})}
            page = await self.api.call(account, "GET", path, params=params)
            items += page["items"]
            cursor = page["nextCursor"]
            if cursor is None:
                return items
