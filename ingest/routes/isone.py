"""ISO New England: public reports by name, and web services behind an account.

    https://www.iso-ne.com/static-transform/csv/histRpts/da-lmp/WW_DALMP_ISO_20260604.csv
    https://webservices.iso-ne.com/api/v1.1/hourlysysload/day/20240310                     Accept: application/json

A report says in its last line how many rows it has, so a file that breaks off is told from a whole one. The web
services answer a day that they do not have with an empty envelope, and without an account with 401.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from ingest.clock import local_date
from ingest.content import file_content_sha256, kind_of, whole_zip, zip_content_sha256
from ingest.errors import NoData, Refused
from ingest.events import Request
from ingest.fetch import Session
from ingest.registry import Dataset, Host, Road, Source
from ingest.routes.answer import Answer
from ingest.routes.due import no_file
from ingest.routes.judge import in_place_of_data

SITE = "ISO New England"
_EMPTY = re.compile(r'^(\{"\w+":)+(\{\}|""|null)\}+$')
_TRAILER = re.compile(rb'^"?T"?,\s*"?(\d+) lines')


class IsoNe:
    """The route ``isone``: ``ask`` names the ``path`` of a day by strftime; ``{part}`` stands for a request's part."""

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Get the report or the answer of a day."""
        day = local_date(request.period.start, source.clock)
        path = day.strftime(road.asks(day)["path"]).replace("{part}", request.part)
        host = source.hosts[road.host]
        headers = {"Accept": "application/json", **_login(host, session)} if host.credentials else {}
        try:
            download = session.get(
                road.host, path, headers=headers, judge=lambda answer: self.judge(answer.path)
            )
        except (Refused, NoData) as error:
            if isinstance(error, Refused) and error.http_status != 404:
                raise
            yield no_file(error, SITE, path, request.period, request.part, road, dataset, source)
            return
        name = path.rpartition("/")[2] if path.endswith(".csv") else f"{_plain(path)}.json"
        yield Answer(
            periods=(request.period,),
            download=download,
            file_name=name,
            content_sha256=self.content_sha256(download.path),
            part=request.part,
            published_at=download.last_modified,
        )

    def judge(self, path: Path) -> None:
        """Tell a whole report, an answer with items or a whole zip from anything else."""
        kind = kind_of(path)
        if kind == "zip":
            whole_zip(path)
        elif kind == "json":
            with path.open() as file:
                if _EMPTY.match("".join(file.read(400).split())):
                    raise NoData(f"{SITE} has nothing for that time.")
        elif kind == "text":
            _whole_report(path)
        else:
            raise in_place_of_data(path, SITE, "a report")

    def content_sha256(self, path: Path) -> str:
        """The members of a zip; of a report everything but its comments, which say when it was written."""
        kind = kind_of(path)
        if kind == "zip":
            return zip_content_sha256(path)
        return _rows_sha256(path) if kind == "text" else file_content_sha256(path)


def _login(host: Host, session: Session) -> dict[str, str]:
    """The account by basic authentication: the host's variables are its name and its password."""
    assert host.credentials is not None
    words = ":".join(session.secret(name) or "" for name in host.credentials.variables)
    return {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}


def _rows_sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        for line in file:
            if line.lstrip(b'\xef\xbb\xbf"')[:1] != b"C":
                found.update(line)
    return found.hexdigest()


def _plain(path: str) -> str:
    """A path as a file name: ``hourlysysload_day_20240310``."""
    return path.removeprefix("api/v1.1/").replace("/", "_")


def _whole_report(path: Path) -> None:
    """Compare a report's rows with the number in its last line.

    Raises:
        Refused: it breaks off, or is no report.
    """
    rows, last, first = 0, b"", b""
    with path.open("rb") as file:
        for line in file:
            text = line.strip(b'\xef\xbb\xbf\r\n"')
            if text:
                first, last = first or text, line
                rows += text[:1] == b"D"
    if first[:1] not in (b"C", b"H"):
        raise in_place_of_data(path, SITE, "a report")
    found = _TRAILER.match(last)
    if found is None:
        raise Refused(f"A report of {SITE} breaks off: its last line does not count its rows.", again=True)
    if int(found[1]) != rows:
        raise Refused(
            f"A report of {SITE} breaks off: it counts {int(found[1])} rows, and {rows} came.", again=True
        )
