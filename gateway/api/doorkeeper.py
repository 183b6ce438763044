"""Who is let in: sign-in with its limits, sessions and tokens looked up, sign-out at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
import structlog

from gateway.api.problems import Problem, invalid, too_many, unauthorized
from gateway.api.reading import Reading
from gateway.api.register import Register
from gateway.clock import Clock
from gateway.metrics import Metrics
from gateway.security import accounts, passwords, sessions, tokens
from gateway.security.access import Caller, Role
from gateway.security.credentials import digest
from gateway.security.rates import Buckets, Patience
from gateway.security.sessions import Holder, Lifetime
from gateway.settings import WebSettings
from gateway.store.batch import Batch

Result = TypeVar("Result")

log = structlog.get_logger(__name__)

REMEMBERED_SECONDS: Final = 2.0
"""How long a looked-up credential is believed: what another process (`campus user disable`)
changes takes effect within it; what this one changes, at once."""

_REMEMBERED: Final = 10_000
_CHECKED_AT_ONCE: Final = 500
_HASHES_AT_ONCE: Final = 2
"""A password check takes 64 MiB and a core for tens of milliseconds."""

_HASHES_WAITING: Final = 20


class Doorkeeper:
    """Signs people in and out and knows who holds a credential."""

    def __init__(
        self,
        *,
        read: Reading,
        commit: Callable[[Batch], Awaitable[None]],
        register: Register,
        clock: Clock,
        web: WebSettings,
        metrics: Metrics,
    ) -> None:
        self._read = read
        self._commit = commit
        self._register = register
        self._clock = clock
        self._metrics = metrics
        self._https = web.tls is not None or (web.public_url or "").startswith("https:")
        self._web = web
        self._known: dict[str, tuple[float, Caller]] = {}
        self._addresses = Buckets(web.limits.sign_in_per_minute)
        # An address that guesses waits up to a quarter of an hour. A name waits half a minute at
        # most: nobody shall keep the control room out by mistyping its name.
        self._guessing_addresses = Patience(free=10, longest=900)
        self._guessed_names = Patience(free=5, longest=30)
        self._hashing = anyio.CapacityLimiter(_HASHES_AT_ONCE)
        self._codes = asyncio.Lock()
        self.accounts_lock: Final = asyncio.Lock()
        """Held while users are read and changed, so that two administrators do not both remove
        the last but one."""
        self.ended: Callable[[Callable[[Caller], bool]], None] = lambda _which: None
        """Told which callers are no longer let in: their streams end."""

    def lifetime(self, role: Role | None = None) -> Lifetime:
        """How long a session lasts: of a role, or as it begins. It is then prolonged with its
        first use, when it is known whose it is."""
        hours = self._web.session_hours
        if role is Role.AUDITOR:
            hours = self._web.reading_session_hours or hours
        return Lifetime(longest=hours * 3_600_000, idle=self._web.session_idle_minutes * 60_000)

    def secure(self, scope: Any) -> bool:
        """Whether the cookie may travel over HTTPS only."""
        return self._https or scope.get("scheme") == "https"

    async def caller(self, secret: str) -> Caller | None:
        """Who holds this cookie or token; ``None`` when it does not open the door."""
        key = digest(secret)
        steady = self._clock.steady()
        until, known = self._known.get(key, (0.0, None))
        if known is not None and steady < until:
            return known
        now = self._clock.now()
        holder = (await self._read(sessions.holders([key], now))).get(key)
        if holder is None:
            self._known.pop(key, None)
            return None
        if holder.by_session and now - holder.seen >= sessions.TOUCH_EVERY:
            await self._commit(sessions.touched(holder, self.lifetime(holder.role), now))
        return self._remember(self._caller(holder))

    async def still(self, callers: Iterable[Caller]) -> set[Caller]:
        """Those of the callers who would still be let in, and see the same as before."""
        wanted = {caller.credential: caller for caller in callers}
        digests = sorted(wanted)
        kept: set[Caller] = set()
        for first in range(0, len(digests), _CHECKED_AT_ONCE):
            chunk = digests[first : first + _CHECKED_AT_ONCE]
            holders = await self._read(sessions.holders(chunk, self._clock.now()))
            kept |= {
                wanted[key]
                for key, holder in holders.items()
                if _sees_alike(self._caller(holder), wanted[key])
            }
        return kept

    async def sign_in_by_password(
        self, name: str, password: str, address: str
    ) -> tuple[str, Caller]:
        """The new session's cookie and who it is. Raises a 401 or 429 `Problem`."""
        self._admit(address, name)
        user = await self._read(accounts.user_named(name))
        stored = None if user is None or user.disabled else user.password
        if not await self._hash(lambda: passwords.matches(stored, password)):
            raise self._refused(address, name)
        if stored is not None and passwords.outdated(stored):
            fresh = await self._hash(lambda: passwords.hashed(password))
            await self._commit(
                accounts.password_set(name, fresh, by=name, keeping=None, now=self._clock.now())
            )
        self._guessed_names.succeeded(name)
        return await self._begin(name, address, how="password", code=None)

    async def sign_in_by_code(self, code: str, address: str) -> tuple[str, Caller]:
        """Like by password; the code is spent in the transaction in which the session begins."""
        self._admit(address, None)
        async with self._codes:  # two pages with the same code: one gets in
            name = await self._read(tokens.holder_of_code(code, self._clock.now()))
            if name is None:
                raise self._refused(address, None)
            return await self._begin(name, address, how="code", code=code)

    async def sign_out(self, caller: Caller) -> None:
        """The caller's session is over. A token stays: it is revoked, not signed out."""
        if caller.by_session:
            await self._commit(sessions.ended(caller.name, caller.credential, self._clock.now()))
        self.forget_credential(caller.credential)

    async def set_password(self, caller: Caller, password: str, current: str | None) -> None:
        """Set the caller's own password; their other sessions end. Raises a 401 or 422 `Problem`
        when there is a password and ``current`` is not it."""
        if not caller.by_session:
            raise invalid("current", "a token cannot change its user's password")
        wait = self._guessed_names.wait(caller.name, self._clock.steady())
        if wait:
            raise too_many("Too many wrong passwords.", wait)
        user = await self._read(accounts.user_named(caller.name))
        if user is None:
            raise unauthorized()
        stored = user.password
        if stored is not None and not await self._hash(
            lambda: passwords.matches(stored, current or "")
        ):
            self._guessed_names.failed(caller.name, self._clock.steady())
            raise invalid("current", "is not the present password")
        fresh = await self._hash(lambda: passwords.hashed(password))
        await self._commit(
            accounts.password_set(
                caller.name,
                fresh,
                by=caller.name,
                keeping=caller.credential,
                now=self._clock.now(),
            )
        )
        self._known.pop(caller.credential, None)
        self._end(lambda who: who.name == caller.name and who.credential != caller.credential)

    def forget(self, user: str) -> None:
        """A user has changed: look again, and end their streams (they come back if they may)."""
        self._end(lambda who: who.name == user)

    def forget_credential(self, credential: str) -> None:
        """A session or token is over."""
        self._end(lambda who: who.credential == credential)

    def forget_all(self) -> None:
        """The register has changed, and with it perhaps which schools a region holds."""
        self._known.clear()

    def _end(self, which: Callable[[Caller], bool]) -> None:
        for key, (_, caller) in list(self._known.items()):
            if which(caller):
                del self._known[key]
        self.ended(which)

    def _caller(self, holder: Holder) -> Caller:
        return Caller(
            name=holder.name,
            display=holder.display,
            role=holder.role,
            scopes=holder.scopes,
            schools=self._register.schools_of(holder.scopes),
            password_set=holder.password_set,
            by_session=holder.by_session,
            credential=holder.digest,
        )

    def _remember(self, caller: Caller) -> Caller:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[caller.credential] = (self._clock.steady() + REMEMBERED_SECONDS, caller)
        return caller

    def _admit(self, address: str, name: str | None) -> None:
        steady = self._clock.steady()
        waits = [
            self._addresses.take(address, steady),
            self._guessing_addresses.wait(address, steady),
        ]
        if name is not None:
            waits.append(self._guessed_names.wait(name, steady))
        if wait := max(waits):
            self._metrics.sign_ins_delayed += 1
            raise too_many("Too many attempts to sign in.", wait)

    def _refused(self, address: str, name: str | None) -> Problem:
        steady = self._clock.steady()
        self._guessing_addresses.failed(address, steady)
        if name is not None:
            self._guessed_names.failed(name, steady)
        self._metrics.sign_ins_refused += 1
        log.warning("sign_in_refused", address=address, by="code" if name is None else "password")
        return unauthorized("Name, password or code is not right.")

    async def _begin(
        self, name: str, address: str, *, how: str, code: str | None
    ) -> tuple[str, Caller]:
        now = self._clock.now()
        secret, batch = sessions.begun(name, self.lifetime(), how=how, address=address, now=now)
        await self._commit(batch if code is None else tokens.code_used(code, batch))
        self._metrics.sign_ins += 1
        caller = await self.caller(secret)
        if caller is None:  # disabled in this very moment
            raise unauthorized()
        return secret, caller

    async def _hash(self, work: Callable[[], Result]) -> Result:
        if self._hashing.statistics().tasks_waiting >= _HASHES_WAITING:
            raise too_many("Too many people are signing in.", 2)
        return await anyio.to_thread.run_sync(work, limiter=self._hashing)


def _sees_alike(one: Caller, other: Caller) -> bool:
    return (one.name, one.role, one.schools) == (other.name, other.role, other.schools)
