"""How often something may be tried: sliding windows, and locks that grow, as arithmetic on what stands of a subject."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from api.errors import TooMany


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` trials of a subject in any window of `seconds`."""

    name: str
    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of a subject: trials of the window that began then, of the one before it, and its locks."""

    begins_at: datetime
    count: int = 0
    before: int = 0
    locked_until: datetime | None = None
    locks: int = 0


# Wrong passwords or codes of one account, known or not: OWASP ASVS 5.0, 6.3.1, and NIST SP 800-63B-4, 3.2.2.
TRIES, WITHIN = 5, timedelta(minutes=15)
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=15), timedelta(hours=24)
FORGIVEN_AFTER = timedelta(hours=24)


class Limited(TooMany):
    """The subject has tried as often as it may."""

    zh, en = "请求过于频繁，请在 {retry_after} 秒后再试", "Too many requests; try again in {retry_after} seconds"


class Locked(TooMany):
    """Too many wrong passwords or codes for this account, whether there is such an account or not."""

    code = "account_locked"
    zh = "密码或验证码错误次数过多，该账号已暂时锁定，请在 {retry_after} 秒后再试"
    en = "Too many wrong passwords or codes; the account is locked for {retry_after} seconds"


def spend(limit: Limit, standing: Standing | None, now: datetime) -> Standing:
    """Return what stands after one more trial; Limited where the window is full.

    The window slides: of the one before counts the share that still overlaps, so that two bursts at a boundary do not
    pass as one. In whole numbers: count · seconds + before · (seconds left) < most · seconds.
    """
    standing = _moved(limit, standing, now)
    passed = int((now - standing.begins_at).total_seconds())
    weight = standing.count * limit.seconds + standing.before * (limit.seconds - passed)
    if weight >= limit.most * limit.seconds:
        wait = _wait(limit, standing, passed)
        raise Limited(retry_after=wait, limit=limit.most, remaining=0, reset=wait)
    return replace(standing, count=standing.count + 1)


def _moved(limit: Limit, standing: Standing | None, now: datetime) -> Standing:
    """Return the standing in the window of this moment."""
    if standing is None or standing.begins_at > now:  # the clock was set back: what lies ahead binds nobody
        return Standing(now)
    windows = int((now - standing.begins_at).total_seconds()) // limit.seconds
    if windows == 0:
        return standing
    before = standing.count if windows == 1 else 0
    return Standing(standing.begins_at + timedelta(seconds=windows * limit.seconds), 0, before)


def _wait(limit: Limit, standing: Standing, passed: int) -> int:
    """Return the seconds until one more fits, at least one."""
    room = limit.most - standing.count
    if room <= 0 or standing.before == 0:
        # not in this window; in the next this one's count wanes from its beginning
        over = standing.count - limit.most
        wane = (over * limit.seconds) // standing.count + 1 if standing.count else 0
        return max(1, limit.seconds - passed + wane)
    # before · (seconds − p) < room · seconds
    until = limit.seconds - (room * limit.seconds - 1) // standing.before
    return max(1, until - passed)


def try_account(standing: Standing | None, now: datetime) -> Standing:
    """Return what stands of an account when one more password is about to be tried; Locked while it is locked.

    It is counted before it is looked at, so that many at once are no more tries than one after the other: the fifth
    within 15 minutes locks, and `forgive` takes it back where it was right. Each lock is twice as long as the last.
    """
    if standing is None:
        standing = Standing(now)
    if standing.locked_until is not None and standing.locked_until > now:
        raise Locked(retry_after=_seconds(standing.locked_until - now))
    last = standing.locked_until or standing.begins_at
    locks = 0 if now - last >= FORGIVEN_AFTER else standing.locks
    fresh = standing.locked_until is not None or now - standing.begins_at >= WITHIN or standing.begins_at > now
    begins, count = (now, 1) if fresh else (standing.begins_at, standing.count + 1)
    if count < TRIES:
        return Standing(begins, count, 0, None, locks)
    return Standing(begins, count, 0, now + min(FIRST_LOCK * 2**locks, LONGEST_LOCK), locks + 1)


def forgive(now: datetime) -> Standing:
    """Return what stands of an account whose holder came in: nothing."""
    return Standing(now)


def _seconds(rest: timedelta) -> int:
    return max(1, -int(-rest.total_seconds() // 1))
