"""A client of our own API over HTTP: signs in again when a token has ended, and waits for jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx


class RefusedError(RuntimeError):
    """The API answered with a problem that the caller did not expect."""

    def __init__(self, method: str, path: str, answer: httpx.Response):
        super().__init__(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        self.status = answer.status_code
        self.problem: dict[str, Any] = answer.json() if "json" in answer.headers.get("content-type", "") else {}


class ApiClient:
    """Calls `/api/v1` as one of several accounts, at most `abreast` requests at a time."""

    def __init__(self, address: str, abreast: int = 24):
        limits = httpx.Limits(max_connections=abreast)
        self._http = httpx.AsyncClient(base_url=address, timeout=60, limits=limits, trust_env=False)
        self._tokens: dict[str, str] = {}
        self._room = asyncio.Semaphore(abreast)
        self.requests = 0

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, account: str, method: str, path: str, **options: Any) -> Any:
        """Send one request and return its JSON; raises RefusedError for anything but 2xx."""
        answer = await self.send(account, method, path, **options)
        return answer.json() if answer.content else None

    async def send(self, account: str, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request and return the answer; raises RefusedError for anything but 2xx."""
        async with self._room:
            answer = await self._once(account, method, path, options)
            if answer.status_code == 401:
                self._tokens.pop(account, None)
                answer = await self._once(account, method, path, options)
        if not answer.is_success:
            raise RefusedError(method, path, answer)
        return answer

    async def _once(self, account: str, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        if account not in self._tokens:
            signed_in = await self._http.post("/api/v1/auth/demo", json={"account": account})
            if not signed_in.is_success:
                raise RefusedError("POST", f"/api/v1/auth/demo ({account})", signed_in)
            self._tokens[account] = signed_in.json()["accessToken"]
        self.requests += 1
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {self._tokens[account]}"}
        return await self._http.request(method, f"/api/v1{path}", headers=headers, **options)

    async def upload(self, account: str, name: str, content: bytes) -> str:
        """Send a file and return its id."""
        return (await self.call(account, "POST", "/files", files={"file": (name, content)}))["id"]

    async def finished(self, account: str, job: dict[str, Any], tell: Callable[[int], None] | None = None) -> Any:
        """Wait for a job, telling its per cent; return it as it ended. Raises RuntimeError where it failed."""
        while job["state"] in ("queued", "running"):
            await asyncio.sleep(0.1)
            job = await self.call(account, "GET", f"/jobs/{job['id']}")
            if tell is not None:
                tell(job["progress"])
        if job["state"] != "done":
            raise RuntimeError(f"job {job['kind']} {job['state']}: {job['result']}")
        return job


async def abreast(calls: Sequence[Awaitable[Any]], tell: Callable[[int], None] | None = None) -> list[Any]:
    """Await all calls at once, in order; `tell` hears how many are done. The first refusal is raised."""
    done = 0

    async def one(call: Awaitable[Any]) -> Any:
        nonlocal done
        answer = await call
        done += 1
        if tell is not None:
            tell(done)
        return answer

    return list(await asyncio.gather(*(one(call) for call in calls)))
