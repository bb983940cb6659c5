"""Leases: two processes never build one chunk at once, and a dead one holds nobody up.

A lease is a row of `lake_leases` in the catalog's own database, taken and given back by compare-and-swap,
and kept alive by a heartbeat. A holder that died on this machine is recognised at once (its process is gone,
or another one has its number); one on another machine when its lease runs out. Catalogs that are not SQL
have no such table: there a lease is a file lock, which holds on one machine.

A lease saves double work; it is not what keeps a table right. Should one be lost (a machine that slept), two
builders of one chunk write the same rows, and the later commit replaces the files of the earlier.
"""

import hashlib
import os
import random
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DatabaseError, IntegrityError

from catalog.backend import database_explained
from catalog.errors import LeaseHeld
from catalog.tables import Catalog

# A lease outlives its last heartbeat by this much: long enough for a machine that swaps or a database that
# restarts, short enough that what a vanished machine was building is built again within minutes.
LEASE_SECONDS = 120.0
HEARTBEATS_PER_LEASE = 6
LONGEST_POLL_SECONDS = 1.0

LEASES = Table(
    "lake_leases",
    MetaData(),
    Column("name", String(500), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("pid_started", String(40), nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
)


@dataclass(frozen=True)
class _Holder:
    owner: str
    host: str
    pid: int
    pid_started: str
    expires_at_ms: int

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host.partition('/')[0]}"


@contextmanager
def lease(
    catalog: Catalog,
    *names: str,
    wait_seconds: float = 600.0,
    seconds: float = LEASE_SECONDS,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Hold the leases `names` while the body runs, waiting up to `wait_seconds` for all of them.

    They are taken in sorted order, so that two processes that want the same ones cannot block each other.
    `on_wait` is told, once per holder, whom we wait for. Raises LeaseHeld, naming the holder.
    """
    wanted = sorted(set(names))
    deadline = time.monotonic() + wait_seconds
    engine = catalog.engine
    if engine is None:
        with _file_locks(catalog, wanted, deadline):
            yield
        return
    with database_explained():
        _create_table(engine)
    owner = uuid.uuid4().hex
    stopped = threading.Event()
    beating = threading.Thread(
        target=_heartbeat, args=(engine, owner, seconds, stopped), name="lease-heartbeat", daemon=True
    )
    beating.start()
    try:
        with database_explained():
            for name in wanted:
                _wait_for(engine, name, owner, seconds, deadline, on_wait or (lambda _: None))
        yield
    finally:
        stopped.set()
        beating.join()
        # A lease that cannot be given back runs out by itself; that must not hide what the body raised.
        with suppress(DatabaseError), engine.begin() as connection:
            connection.execute(delete(LEASES).where(LEASES.c.owner == owner))


def _wait_for(
    engine: Engine, name: str, owner: str, seconds: float, deadline: float, on_wait: Callable[[str], None]
) -> None:
    told: str | None = None
    pause = 0.02
    while True:
        holder = _take(engine, name, owner, seconds)
        if holder is None:
            return
        if time.monotonic() >= deadline:
            raise LeaseHeld(
                f"{name} is being built by {holder}, and it did not finish while we waited; let it "
                "finish or stop it, then run the same command again."
            )
        if told != holder.owner:
            on_wait(f"waiting for {name}, which {holder} is building")
            told = holder.owner
        time.sleep(random.uniform(pause / 2, pause))
        pause = min(LONGEST_POLL_SECONDS, pause * 1.5)


def _take(engine: Engine, name: str, owner: str, seconds: float) -> _Holder | None:
    """Take the lease if it is free, dead or run out; else say who holds it."""
    with engine.connect() as connection:
        row = connection.execute(
            select(
                LEASES.c.owner, LEASES.c.host, LEASES.c.pid, LEASES.c.pid_started, LEASES.c.expires_at_ms
            ).where(LEASES.c.name == name)
        ).one_or_none()
    now = _now_ms(engine)
    mine = {
        "owner": owner,
        "host": _host(),
        "pid": os.getpid(),
        "pid_started": _process(os.getpid())[1],
        "expires_at_ms": now + int(seconds * 1000),
    }
    if row is None:
        try:
            with engine.begin() as connection:
                connection.execute(insert(LEASES).values(name=name, **mine))
        except IntegrityError:
            return _take(engine, name, owner, seconds)
        return None
    holder = _Holder(*row)
    if holder.expires_at_ms > now and not _is_dead(holder):
        return holder
    with engine.begin() as connection:
        taken = connection.execute(
            update(LEASES)
            .where(
                LEASES.c.name == name,
                LEASES.c.owner == holder.owner,
                # A heartbeat in between means that the holder lives after all.
                LEASES.c.expires_at_ms == holder.expires_at_ms,
            )
            .values(**mine)
        ).rowcount
    return None if taken else holder


def _heartbeat(engine: Engine, owner: str, seconds: float, stopped: threading.Event) -> None:
    while not stopped.wait(seconds / HEARTBEATS_PER_LEASE):
        # A beat that fails (database away for a moment) is followed by the next; there are several per lease.
        with suppress(DatabaseError):
            expires = _now_ms(engine) + int(seconds * 1000)
            with engine.begin() as connection:
                connection.execute(
                    update(LEASES).where(LEASES.c.owner == owner).values(expires_at_ms=expires)
                )


def _create_table(engine: Engine) -> None:
    for pause in (0.05, 0.1, 0.2, 0.4):
        try:
            LEASES.create(engine, checkfirst=True)
        except DatabaseError:
            # Another process creates it at this moment.
            time.sleep(pause)
        else:
            return
    LEASES.create(engine, checkfirst=True)


def _now_ms(engine: Engine) -> int:
    """The database's clock where it has one: the machines that share it may not agree on the time."""
    if engine.dialect.name != "postgresql":
        return int(time.time() * 1000)
    with engine.connect() as connection:
        return int(
            connection.execute(text("SELECT extract(epoch FROM clock_timestamp()) * 1000")).scalar_one()
        )


def _host() -> str:
    """This machine, and the space of process numbers we live in: containers may share a host name."""
    with suppress(OSError):
        return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').stat().st_ino}"
    return socket.gethostname()


def _process(pid: int) -> tuple[bool, str]:
    """Whether a process of that number lives, and when it started ('' where the system does not say).

    Linux counts the start in ticks since boot: it tells a process from a later one with the same number.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return False, ""
    else:
        # The name stands in parentheses and may hold blanks; state and the rest follow. A zombie is dead.
        fields = stat.rpartition(")")[2].split()
        return fields[0] not in ("Z", "X"), fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False, ""
    except PermissionError:
        return True, ""
    return True, ""


def _is_dead(holder: _Holder) -> bool:
    """Whether the holder was a process of this machine that is gone; False where we cannot know."""
    if holder.host != _host():
        return False
    alive, started = _process(holder.pid)
    return not alive or started != holder.pid_started


@contextmanager
def _file_locks(catalog: Catalog, names: Sequence[str], deadline: float) -> Iterator[None]:
    folder = Path(tempfile.gettempdir()) / f"lake-leases-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        for name in names:
            digest = hashlib.sha256(f"{catalog.warehouse}\n{name}".encode()).hexdigest()[:24]
            try:
                held.enter_context(
                    FileLock(folder / f"{digest}.lock", timeout=max(0.0, deadline - time.monotonic()))
                )
            except Timeout:
                raise LeaseHeld(
                    f"{name} is being built by another process on this machine, and it did not finish "
                    "while we waited; let it finish or stop it, then run the same command again."
                ) from None
        yield
