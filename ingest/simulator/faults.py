"""What goes wrong on purpose: faults that a test puts in a queue, and stalls that hold an answer halfway.

Several faults may wait for one host. They are taken in the order they were put there, each as often as its
``times`` says, so "throttle twice, then break once, then answer" is three calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Literal, get_args

Kind = Literal[
    "throttle_429",
    "throttle_429_retry_after",
    "aup_html",
    "error_500",
    "drop",
    "no_data_1000",
    "group_in_processing",
    "html_shell",
    "throttle_text",
    "truncated_zip",
    "drift",
    "late",
]
KINDS: tuple[str, ...] = get_args(Kind)

# These change what the site itself answers, so they can act together with one that replaces or cuts the
# answer.
SITE_KINDS = frozenset({"drift", "late"})


@dataclass
class Fault:
    """A fault of a host.

    ``times`` is how often it strikes (None: for ever); ``match`` is a pattern that the URL must contain.
    """

    host: str
    kind: Kind
    times: int | None = 1
    match: str | None = None
    retry_after: int = 1
    struck: int = 0

    @property
    def spent(self) -> bool:
        """Whether the fault has struck as often as it may."""
        return self.times is not None and self.struck >= self.times

    def meets(self, host: str, target: str) -> bool:
        """Whether the fault strikes a request."""
        return (
            host == self.host
            and not self.spent
            and (self.match is None or bool(re.search(self.match, target)))
        )


@dataclass
class Stall:
    """Holds the first matching answer after so many bytes, until released.

    ``reached`` is set once the client has been sent exactly ``after_bytes`` bytes of the body and waits for
    more.
    """

    host: str
    after_bytes: int
    match: str | None = None
    reached: Event = field(default_factory=Event)
    _free: Event = field(default_factory=Event)
    taken: bool = False

    def release(self) -> None:
        """Let the rest of the body go, or let the server thread end when the client is gone."""
        self._free.set()

    def wait(self) -> None:
        """Wait, in the server's thread, to be released."""
        self._free.wait()


@dataclass
class FaultBook:
    """The faults and stalls that are waiting, safe to use from several threads."""

    _faults: list[Fault] = field(default_factory=list)
    _stalls: list[Stall] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, fault: Fault) -> Fault:
        """Queue a fault.

        Raises:
            ValueError: the kind is not known.
        """
        if fault.kind not in KINDS:
            raise ValueError(f"Fault '{fault.kind}' is not known. Known: {', '.join(KINDS)}.")
        with self._lock:
            self._faults.append(fault)
        return fault

    def add_stall(self, stall: Stall) -> Stall:
        """Queue a stall."""
        with self._lock:
            self._stalls.append(stall)
        return stall

    def clear(self) -> None:
        """Forget every fault, and let go of every stall."""
        with self._lock:
            self._faults.clear()
            stalls, self._stalls = self._stalls, []
        for stall in stalls:
            stall.release()

    def strike(self, host: str, target: str) -> list[Fault]:
        """The faults that meet a request: all that act on the site, and the first of the others."""
        struck: list[Fault] = []
        with self._lock:
            for fault in self._faults:
                if not fault.meets(host, target):
                    continue
                if fault.kind in SITE_KINDS or all(other.kind in SITE_KINDS for other in struck):
                    fault.struck += 1
                    struck.append(fault)
        return struck

    def stall_for(self, host: str, target: str) -> Stall | None:
        """The stall that meets a request, taken out of the queue."""
        with self._lock:
            for stall in self._stalls:
                if (
                    stall.host == host
                    and not stall.taken
                    and (not stall.match or re.search(stall.match, target))
                ):
                    stall.taken = True
                    return stall
        return None
