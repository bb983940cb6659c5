"""The one network seam: every byte from an ISO's site comes through ``Session.get``.

    get ─> circuit closed? ─> wait for the host's turn ─> ask ─> stream to disk ─> whole? ─> route's opinion
             │ open                    ▲                                                     │
             └─> Unreachable           └── wait (Retry-After, or backoff and jitter) <── asking again may help

A host that cannot be reached, keeps failing or keeps throttling is left alone for the rest of the session:
its circuit opens, and every further request is told so at once. TLS is always checked.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit
from uuid import uuid4

import requests
from pydantic import ValidationError

from ingest.credentials import not_accepted
from ingest.disk import disk_sentences, new_scratch
from ingest.download import Download, save
from ingest.errors import AnswerError, Refused, Throttled, Unreachable
from ingest.pace import Pacer, state_folder
from ingest.redact import Redactor
from ingest.registry import Host, Pace, Source
from ingest.retry import retry_after, wait_before_next

USER_AGENT = "power-market-lake"
# Requests in a row that a host failed before it is left alone.
CIRCUIT_OPENS_AFTER = 3
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})

Judge = Callable[[Download], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Post:
    """The body of a question: fields of a form, or words as JSON."""

    form: Mapping[str, str] | None = None
    words: Mapping[str, object] | None = None


class Session:
    """Asks one ISO's hosts, politely. Use it as a context manager: leaving it removes the scratch folder.

    Args:
        source: the ISO; its hosts' paces, headers, proxies and time-outs hold.
        environ: credentials, ``LAKE_SOURCE_<ISO>``, ``LAKE_PACE_DIR``, ``LAKE_TEMP_DIR``.
        sleep: how to wait, in seconds.
        on_step: told of every chunk received (``downloading``) and every answer on disk (``downloaded``).
    """

    def __init__(
        self,
        source: Source,
        environ: Mapping[str, str],
        *,
        sleep: Callable[[float], None] = time.sleep,
        on_step: Callable[[str], None] | None = None,
    ) -> None:
        self.source = source
        self.environ = environ
        self.redactor = Redactor()
        self.on_step: Callable[[str], None] = on_step or (lambda name: None)
        self.base = environ.get(f"LAKE_SOURCE_{source.iso}", "").rstrip("/")
        self.redactor.hide_login(self.base)
        self._secrets: dict[str, str] = {}
        self._sleep = sleep
        self._pacer = Pacer(state_folder(environ), sleep)
        self._declared: Mapping[str, Pace] | None = None
        self._failed: dict[str, int] = {}
        self._silent: set[str] = set()
        self._http = requests.Session()
        # What the standard library would add by itself (an encoding list, any user agent) is chosen below.
        self._http.headers.clear()
        # A stand-in on this machine: nothing may be asked through a proxy, or elsewhere.
        self.is_local = _is_loopback(self.base)
        if self.is_local:
            self._http.trust_env = False
        self._scratch: Path | None = None
        # What routes opened for this session (a browser) is closed with it, before its scratch folder goes.
        self.closing = ExitStack()
        for host in source.hosts.values():
            for name in [host.credential, *(host.credentials.variables if host.credentials else [])]:
                self.secret(name)
            self.redactor.hide_login(host.proxy or "")

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and what routes opened, and remove what was downloaded."""
        self.closing.close()
        self._http.close()
        self._pacer.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    @property
    def scratch(self) -> Path:
        """The folder of this session's downloads. Those of killed sessions are removed when it is made."""
        if self._scratch is None:
            self._scratch = new_scratch(Path(self.environ.get("LAKE_TEMP_DIR") or tempfile.gettempdir()))
        return self._scratch

    def secret(self, name: str | None) -> str | None:
        """The credential of that name, from the environment or found on the way; hidden from every text."""
        value = (self._secrets.get(name) or self.environ.get(name) or None) if name else None
        self.redactor.hide(value)
        return value

    def keep_secret(self, name: str, value: str) -> None:
        """Remember a credential that a site gave out, for this session only."""
        self._secrets[name] = value
        self.redactor.hide(value)

    def is_open(self, host_name: str) -> bool:
        """Whether this host's circuit is open: it is not asked any more."""
        return self._failed.get(host_name, 0) >= CIRCUIT_OPENS_AFTER

    def get(
        self,
        host_name: str,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        judge: Judge | None = None,
        reads: Collection[int] = (),
        credential: str | None = None,
        post: Post | None = None,
    ) -> Download:
        """Ask a host, again where that may help, and bring the answer to disk.

        Args:
            host_name: the host's name in the registry.
            path: below the host's base.
            params: query parameters, unquoted.
            headers: on top of the host's own.
            judge: raises an AnswerError for a body that is not what was asked for; ``again`` asks once more.
            reads: statuses other than 2xx whose bodies are wanted (an error document with a 400).
            credential: what shares the pace, where it is not the value of the host's ``credential`` variable.
            post: what to send where a question does not fit into a URL; never shown, and sent again like any other.

        Raises:
            Unreachable: no connection, or the host keeps failing, or its circuit is open.
            Throttled: the host keeps asking for patience.
            Refused: another status, or whatever ``judge`` raises. Every error carries attempts and URL.
        """
        host = self.source.hosts[host_name]
        url = _with_query(self._url(host, path), params)
        return self._asked(
            host_name,
            url,
            credential or self.secret(host.credential),
            lambda attempt: self._once(host, url, headers or {}, attempt, reads, judge, post),
        )

    def visit(
        self, host_name: str, path: str, params: Mapping[str, str] | None, look: Callable[[str, int], T]
    ) -> T:
        """Let ``look`` ask a host by means of its own, told the URL and the attempt: as ``get`` does, at its pace."""
        host = self.source.hosts[host_name]
        url = _with_query(self._url(host, path), params)
        return self._asked(host_name, url, self.secret(host.credential), lambda attempt: look(url, attempt))

    def _asked(self, host_name: str, url: str, credential: str | None, ask: Callable[[int], T]) -> T:
        """Ask in turn, and again where that may help; the host's circuit is told what came of it."""
        host = self.source.hosts[host_name]
        shown = self.redactor.url(url)
        if self.is_open(host_name):
            raise _told(Unreachable(f"{self._place(host)} is not asked any more in this run."), 0, shown)
        pace = self._pace(host)
        # A host that was silent through a whole request gets one try, not four: the circuit opens sooner.
        attempts = 1 if host_name in self._silent else pace.attempts
        for attempt in range(1, attempts + 1):
            self._pacer.wait(self._pace_key(host), credential, pace)
            try:
                answer = ask(attempt)
            except AnswerError as error:
                wait = wait_before_next(error, attempt, pace)
                if not error.again or attempt == attempts or wait is None:
                    self._note(host_name, error)
                    # The library's own words below may name a proxy with its password: they end here.
                    raise _told(error, attempt, shown) from None
                self._sleep(wait)
            else:
                self._note(host_name, None)
                return answer
        raise AssertionError("The loop returns or raises.")

    def _once(
        self,
        host: Host,
        url: str,
        headers: Mapping[str, str],
        attempt: int,
        reads: Collection[int],
        judge: Judge | None,
        post: Post | None,
    ) -> Download:
        """One request, one answer on disk; what is not worth keeping is not kept."""
        path = self.scratch / uuid4().hex
        shown = self.redactor.url(url)
        response = self._open(host, url, headers, post)
        try:
            if response.status_code in reads or 200 <= response.status_code < 300:
                place = self._place(host)
                with disk_sentences(path.parent, "LAKE_TEMP_DIR"):
                    download = save(
                        response, path, shown, attempt, place, lambda: self.on_step("downloading")
                    )
                self.on_step("downloaded")
                if judge is not None:
                    judge(download)
                return download
            raise self._refusal(host, response)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            response.close()

    def _open(self, host: Host, url: str, headers: Mapping[str, str], post: Post | None) -> requests.Response:
        """Send a request; follow redirects on the same host only, so that no credential goes elsewhere."""
        sent = {
            "User-Agent": host.user_agent or USER_AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "gzip",
            **host.headers,
            **headers,
        }
        proxies = {"http": host.proxy, "https": host.proxy} if host.proxy else None
        for _ in range(MOST_REDIRECTS + 1):
            try:
                response = self._http.request(
                    "POST" if post else "GET",
                    url,
                    data=post.form if post else None,
                    json=post.words if post else None,
                    headers=sent,
                    stream=True,
                    timeout=(host.connect_seconds, host.read_seconds),
                    allow_redirects=False,
                    proxies=proxies,
                )
            except requests.exceptions.SSLError as error:
                if "CERTIFICATE" not in str(error).upper():
                    raise Unreachable(
                        f"The TLS connection to {self._place(host)} broke off.", again=True
                    ) from error
                raise Unreachable(
                    f"The TLS certificate of {self._place(host)} cannot be verified. Name your network's "
                    "authorities in REQUESTS_CA_BUNDLE; the check is never switched off."
                ) from error
            except requests.exceptions.ProxyError as error:
                raise Unreachable(
                    f"The proxy on the way to {self._place(host)} does not answer.", again=True
                ) from error
            except requests.exceptions.ReadTimeout as error:
                raise Unreachable(
                    f"{self._place(host)} did not answer within {host.read_seconds:g} s.", again=True
                ) from error
            except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
                raise Unreachable(
                    f"{self._place(host)} cannot be reached. Check the network, or name a proxy.", again=True
                ) from error
            except requests.exceptions.RequestException as error:
                raise Unreachable(
                    f"{self._place(host)} answers with something that is not HTTP.", again=True
                ) from error
            if response.status_code not in REDIRECTS or "Location" not in response.headers:
                return response
            target = urljoin(url, response.headers["Location"])
            response.close()
            if urlsplit(target).hostname != urlsplit(url).hostname:
                break
            url = target
        raise Refused(
            f"{self._place(host)} sent the request elsewhere ({self.redactor.url(target)}). The site has "
            f"moved: change its address in ingest/sources/{self.source.iso.lower()}.yaml.",
            http_status=response.status_code,
        )

    def _refusal(self, host: Host, response: requests.Response) -> AnswerError:
        """The error that a status stands for."""
        status, place = response.status_code, self._place(host)
        after = retry_after(response.headers.get("Retry-After"))
        if status == 429:
            asked = f" It asks for {after:g} s of patience." if after is not None else ""
            return Throttled(
                f"{place} says that it is asked too fast.{asked}", http_status=status, retry_after=after
            )
        if status >= 500:
            error = Unreachable(f"{place} answers with error {status}.", http_status=status, again=True)
            return error if after is None else Throttled(str(error), http_status=status, retry_after=after)
        if status in (401, 407):
            return Refused(not_accepted(host), http_status=status)
        if status == 404:
            return Refused(f"{place} has no such file.", http_status=status)
        return Refused(f"{place} refuses the request with status {status}.", http_status=status)

    def _note(self, host_name: str, error: AnswerError | None) -> None:
        """Count towards the circuit what speaks of a host in trouble; any other answer shows it is well."""
        if isinstance(error, Unreachable | Throttled):
            self._failed[host_name] = self._failed.get(host_name, 0) + 1
        else:
            self._failed.pop(host_name, None)
        if isinstance(error, Unreachable) and error.http_status is None:
            self._silent.add(host_name)
        else:
            self._silent.discard(host_name)

    def _url(self, host: Host, path: str) -> str:
        base = host.base.rstrip("/")
        if self.base:
            base = f"{self.base}/{base.partition('://')[2]}"
        return f"{base}/{path.lstrip('/')}" if path else base

    def _place(self, host: Host) -> str:
        name = urlsplit(host.base).netloc
        return f"{name} (through {self.redactor.url(self.base)})" if self.base else name

    def _pace_key(self, host: Host) -> str:
        # A simulator's pace must not use up the real host's turns, nor the other way round.
        name = urlsplit(host.base).netloc
        return f"{urlsplit(self.base).netloc.rpartition('@')[2]}_{name}" if self.base else name

    def _pace(self, host: Host) -> Pace:
        """The host's pace: declared by the address that stands in for it, else by the registry."""
        if self.base and self._declared is None:
            self._declared = self._ask_paces()
        if self._declared and (found := self._declared.get(urlsplit(host.base).netloc)):
            return found
        member = self.environ.get(f"{self.source.iso}_MEMBER", "").strip().lower()
        if host.member_pace and member in ("1", "yes", "true"):
            return host.member_pace
        return host.pace

    def _ask_paces(self) -> Mapping[str, Pace]:
        """The paces that a stand-in declares in ``pace.json``; with a plain proxy the registry's hold."""
        try:
            response = self._http.get(f"{self.base}/pace.json", timeout=(5, 5), allow_redirects=False)
            if response.status_code != 200:
                return {}
            words = response.json()
            return {name: Pace.model_validate(pace) for name, pace in words.items()}
        except (requests.exceptions.RequestException, ValidationError, AttributeError, ValueError):
            return {}


def _told(error: AnswerError, attempts: int, url: str) -> AnswerError:
    error.attempts, error.url = attempts, url
    return error


def _with_query(url: str, params: Mapping[str, str] | None) -> str:
    # The sites' own examples write these characters bare; quoted ones are known to be refused by some.
    return f"{url}?{urlencode(params, quote_via=quote, safe=':,;@/')}" if params else url


def _is_loopback(base: str) -> bool:
    return urlsplit(base).hostname in ("127.0.0.1", "localhost", "::1")
