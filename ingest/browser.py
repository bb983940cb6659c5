"""A browser for pages that scripts draw: headless Chromium, driven by Selenium, one for a session.

    session ──> guard ──> chromedriver ──> Chromium ──> a page, and whatever its scripts ask for
       └──── WebDriver, on this machine ────┘

The programs are those of the system, found on PATH or named by LAKE_CHROMIUM and LAKE_CHROMEDRIVER; none is ever
downloaded. The browser only reads pages: what they link to comes through the session like everything else, so that
bytes are paced, judged and told of in one place.
"""

from __future__ import annotations

import importlib.util
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import urllib3

from ingest import guard
from ingest.errors import AnswerError, Refused, Throttled, Unreachable

if TYPE_CHECKING:
    from ingest.fetch import Session
    from ingest.registry import Host

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMEDRIVER = ("chromedriver",)
HOW = (
    "pip install 'power-market-lake[browser]' and apt-get install chromium chromium-driver, or name the programs in "
    "LAKE_CHROMIUM and LAKE_CHROMEDRIVER"
)
# A cold start on a busy machine takes some seconds.
START_SECONDS = 60.0
POLL_SECONDS = 0.25
# What the browser may see of the environment: no secret of ours.
_PASSED_ON = (
    "PATH LANG LD_LIBRARY_PATH FONTCONFIG_PATH FONTCONFIG_FILE "
    "http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY"
).split()
_PORT = re.compile(rb"successfully on port (\d+)")
# Every link with the texts of the row of a table, or of the item of a list, that it stands in.
_LINKS = """
return [...document.querySelectorAll('a[href]')].map(link => {
    const row = link.closest('tr, li') || link;
    return [link.href, link.textContent, [...(row.cells || [row])].map(cell => cell.textContent)];
})"""
_STATUS = "return (performance.getEntriesByType('navigation')[0] || {}).responseStatus || 0"
_WORDS = "return document.body ? document.body.innerText.slice(0, 400) : ''"


@dataclass(frozen=True)
class Link:
    """A link of a page: where it leads, its text, and the texts of the row that it stands in."""

    url: str
    text: str
    row: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """The links of a page, and the headers by which a site knows that the same browser asks."""

    links: tuple[Link, ...]
    headers: Mapping[str, str]


def programs(environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Chromium and its driver, as far as they are there."""
    path = environ.get("PATH", os.defpath)
    found = []
    for variable, names in (("LAKE_CHROMIUM", CHROMIUM), ("LAKE_CHROMEDRIVER", CHROMEDRIVER)):
        wanted = (environ[variable],) if environ.get(variable) else names
        found.append(next((place for name in wanted if (place := shutil.which(name, path=path))), None))
    return found[0], found[1]


def lacking(environ: Mapping[str, str]) -> list[str]:
    """What a browser lacks here, by name: Selenium, Chromium, its driver."""
    chromium, driver = programs(environ)
    there = {
        "Selenium": importlib.util.find_spec("selenium"),
        "Chromium": chromium,
        "ChromeDriver": driver,
    }
    return [name for name, place in there.items() if not place]


_browsers: WeakKeyDictionary[Session, Browser] = WeakKeyDictionary()


def browser_of(session: Session) -> Browser:
    """The browser of a session; it starts with the first page, and ends with the session."""
    if session not in _browsers:
        _browsers[session] = Browser(session)
        session.closing.callback(_browsers[session].close)
    return _browsers[session]


class Browser:
    """A headless Chromium that reads pages for a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._guard: subprocess.Popen[bytes] | None = None
        self._driver: Any = None

    def read(self, host_name: str, path: str, params: Mapping[str, str], wanted: re.Pattern[str]) -> Page:
        """Open a page and wait until its scripts have drawn links whose addresses are ``wanted``.

        Raises:
            AnswerError: there is no such page, or none of these links on it, or the browser ended.
        """
        host = self._session.source.hosts[host_name]
        return self._session.visit(
            host_name, path, params, lambda url, attempt: self._look(url, host, wanted)
        )

    def close(self) -> None:
        """End the browser with all its processes; its guard removes its profile."""
        driver, self._driver = self._driver, None
        if self._guard is not None:
            if driver is not None:
                driver.command_executor.close()
            for pipe in (self._guard.stdin, self._guard.stdout):
                if pipe is not None:
                    pipe.close()
            self._guard.wait()
            self._guard = None

    def _look(self, url: str, host: Host, wanted: re.Pattern[str]) -> Page:
        from selenium.common.exceptions import TimeoutException, WebDriverException

        place = urlsplit(host.base).netloc
        try:
            driver = self._started(host)
            driver.get(url)
            if error := _refusal(driver.execute_script(_STATUS), place):
                raise error
            links = self._drawn(driver, host.read_seconds, wanted)
            if not links:
                said = " ".join(str(driver.execute_script(_WORDS)).split())[:120]
                raise Refused(
                    f"A page of {place} drew no link to a document within {host.read_seconds:g} s; it says: '{said}'. "
                    "Ask again later.",
                    again=True,
                )
            return Page(links, _headers(driver))
        except TimeoutException as error:
            self.close()
            raise Unreachable(
                f"{place} did not answer the browser within {host.read_seconds:g} s.", again=True
            ) from error
        except (WebDriverException, urllib3.exceptions.HTTPError, OSError) as error:
            # A browser that is in this state is not asked again: the next page starts another one.
            self.close()
            if code := re.search(r"net::(\w+)", str(error)):
                raise Unreachable(f"The browser cannot reach {place} ({code[1]}).", again=True) from error
            raise Unreachable(
                f"The browser ended while it read a page of {place}. Run again.", again=True
            ) from error

    def _drawn(self, driver: Any, seconds: float, wanted: re.Pattern[str]) -> tuple[Link, ...]:
        """The wanted links once there are some and no more come, or none after so many seconds."""
        from selenium.common.exceptions import TimeoutException
        from selenium.webdriver.support.wait import WebDriverWait

        before = 0

        def settled(driver: Any) -> tuple[Link, ...]:
            nonlocal before
            every = [Link(url, text, tuple(row)) for url, text, row in driver.execute_script(_LINKS)]
            found = tuple(link for link in every if wanted.search(link.url))
            before, count = len(found), before
            return found if len(found) == count else ()

        try:
            return WebDriverWait(driver, seconds, POLL_SECONDS).until(settled)
        except TimeoutException:
            return ()

    def _started(self, host: Host) -> Any:
        """The driver of the browser, which is started where there is none."""
        if self._driver is not None:
            return self._driver
        # What is left of one that did not start.
        self.close()
        from selenium import webdriver
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.common.proxy import Proxy
        from selenium.webdriver.remote.client_config import ClientConfig

        chromium, driver = programs(self._session.environ)
        if chromium is None or driver is None:
            raise _does_not_start("it is not installed")
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        # Scripts of others (counters, maps) may go on loading; the links are waited for.
        options.page_load_strategy = "eager"
        # In the system's folder, not in a lake's: Chromium makes a socket there, whose path must be short.
        profile = tempfile.mkdtemp(prefix="pmp-browser-")
        for argument in self._arguments(host, profile):
            options.add_argument(argument)
        address = f"http://127.0.0.1:{self._listening(driver, profile)}"
        config = ClientConfig(
            remote_server_addr=address,
            proxy=Proxy({"proxyType": "direct"}),
            timeout=int(host.read_seconds + START_SECONDS),
        )
        try:
            self._driver = webdriver.Remote(address, options=options, client_config=config)
        except WebDriverException as error:
            said = (error.msg or "").splitlines() or [""]
            raise _does_not_start(said[0]) from error
        self._driver.set_page_load_timeout(host.read_seconds)
        return self._driver

    def _arguments(self, host: Host, profile: str) -> list[str]:
        words = [
            "--headless=new",
            # A pipe, not a port: Chromium ends with its driver, and nobody else can talk to it.
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            # Containers have a small /dev/shm, or none.
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-extensions",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--no-default-browser-check",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # Chromium refuses to start as root with its sandbox, which only others can set up.
            words.append("--no-sandbox")
        if self._session.is_local:
            words += ["--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        elif host.proxy:
            words.append(f"--proxy-server={host.proxy}")
        if host.user_agent:
            words.append(f"--user-agent={host.user_agent}")
        return words

    def _listening(self, driver: str, profile: str) -> int:
        """Start the driver behind its guard, and tell the port that it listens on."""
        environ = {name: value for name in _PASSED_ON if (value := self._session.environ.get(name))}
        environ.setdefault("PATH", os.defpath)
        environ |= {"HOME": profile, "TMPDIR": profile}
        self._guard = subprocess.Popen(
            [sys.executable, "-P", str(Path(guard.__file__)), profile, driver, "--port=0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
            # Ctrl-C is for us: we end the browser.
            start_new_session=True,
        )
        assert self._guard.stdout is not None
        said = b""
        while select.select([self._guard.stdout], [], [], START_SECONDS)[0]:
            more = os.read(self._guard.stdout.fileno(), 4096)
            said += more
            if (found := _PORT.search(said)) and b"\n" in said[found.end() :]:
                return int(found[1])
            if not more:
                break
        raise _does_not_start("its driver says nothing")


def _does_not_start(why: str) -> Unreachable:
    return Unreachable(
        f"Chromium does not start here ({why.strip().rstrip('.')}). Look at LAKE_CHROMIUM and LAKE_CHROMEDRIVER."
    )


def _refusal(status: int, place: str) -> AnswerError | None:
    """The error that the status of a page stands for."""
    if status == 429:
        return Throttled(f"{place} says that it is asked too fast.", http_status=status)
    if status >= 500:
        return Unreachable(f"{place} answers with error {status}.", http_status=status, again=True)
    if status >= 400:
        return Refused(f"{place} refuses the browser with status {status}.", http_status=status)
    return None


def _headers(driver: Any) -> dict[str, str]:
    """What a site knows this browser by: some give their files to those only who have opened a page."""
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in driver.get_cookies())
    headers = {"User-Agent": str(driver.execute_script("return navigator.userAgent"))}
    return headers | ({"Cookie": cookies} if cookies else {})
