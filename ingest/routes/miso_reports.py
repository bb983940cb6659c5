"""MISO market reports: plain files by name, one a day.

    https://docs.misoenergy.org/marketreports/20230101_da_expost_lmp.csv
    https://docs.misoenergy.org/marketreports/20250310_df_al.xls

The files lie in a store without a listing. A missing one is a 404 with a word in XML (BlobNotFound). Old files are
removed from the far end, so what has landed may be the last copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from ingest.clock import local_date
from ingest.content import (
    file_content_sha256,
    kind_of,
    text_head,
    whole_compound,
    whole_zip,
    zip_content_sha256,
)
from ingest.errors import Refused
from ingest.events import Request
from ingest.fetch import Session
from ingest.registry import Dataset, Road, Source
from ingest.routes.answer import Answer
from ingest.routes.due import no_file
from ingest.routes.judge import in_place_of_data

SITE = "MISO"
# The header of prices, that of ancillary services, and that of load where somebody saved a workbook as text.
_HEADERS = ("Node,Type,Value", ",MCP Type", "Market Day,")


class MisoReports:
    """The route ``miso_reports``: ``ask`` names the ``path`` of a day's file, by strftime.

    With ``published: after`` the file is named after the day of its publication, the next one.
    """

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Get the file of a day."""
        day = local_date(request.period.start, source.clock)
        words = road.asks(day)
        named = day + timedelta(days=int(words.get("published") == "after"))
        path = named.strftime(words["path"])
        name = path.rpartition("/")[2]
        try:
            download = session.get(road.host, path, judge=lambda answer: self.judge(answer.path))
        except Refused as error:
            if error.http_status != 404:
                raise
            yield no_file(error, SITE, name, request.period, request.part, road, dataset, source)
            return
        yield Answer(
            periods=(request.period,),
            download=download,
            file_name=name,
            content_sha256=self.content_sha256(download.path),
            part=request.part,
            published_at=download.last_modified,
        )

    def judge(self, path: Path) -> None:
        """Tell a report or a whole zip from anything else."""
        kind = kind_of(path)
        if kind == "zip":
            whole_zip(path)
        elif kind == "compound":
            whole_compound(path)
        elif kind != "text" or not any(words in text_head(path).replace('"', "") for words in _HEADERS):
            raise in_place_of_data(path, SITE, "a report")

    def content_sha256(self, path: Path) -> str:
        """The members of a zip, or the file itself."""
        return zip_content_sha256(path) if kind_of(path) == "zip" else file_content_sha256(path)
