"""api.ercot.com and its login: tokens for a name and a password, the archive's lists, documents many at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import ercot_rows, ercot_site
from ingest.simulator.answers import Answer, Member, Request, zipped
from ingest.simulator.broken import HTML, JSON
from ingest.simulator.ercot_rows import REPORTS, Document, Report
from ingest.simulator.revisions import Revision
from ingest.simulator.world import CENTRAL, World

# The only account that there is, by the names of its environment variables.
ACCOUNT = {
    "ERCOT_USERNAME": "reader@example.com",
    "ERCOT_PASSWORD": "simulated-password",
    "ERCOT_SUBSCRIPTION_KEY": "simulated-subscription-key",
}
A_TOKEN_HOLDS = timedelta(hours=1)
MOST_DOCUMENTS = 1000
# Older documents are gone.
KEPT_YEARS = 7
ROOT = "/api/public-reports/archive/"
_LOGIN = "/ercotb2c.onmicrosoft.com/B2C_1_PUBAPI-ROPC-FLOW/oauth2/v2.0/token"
# Archives that hold several kinds of documents.
ARCHIVED = {"NP4-196-M": ("DAM_SPP", "DAM_MCPC"), "NP4-197-M": ("RTM_SPP",)}
_ZONE = ZoneInfo(CENTRAL)
_TOKEN = "simulated-token-"


def answer_login(request: Request, world: World) -> Answer:
    """A token, for the right name and password."""
    if request.path != _LOGIN or request.body is None:
        return Answer(404, b"<html><body>Not Found</body></html>\n", HTML)
    form = {name: words[0] for name, words in parse_qs(request.body.decode()).items()}
    if (form.get("username"), form.get("password")) != tuple(ACCOUNT.values())[:2]:
        words = {
            "error": "access_denied",
            "error_description": "AADB2C90225: The username or password provided in the request are invalid.",
        }
        return Answer(400, json.dumps(words).encode(), JSON)
    words = {
        "id_token": f"{_TOKEN}{int(world.now.timestamp())}",
        "token_type": "Bearer",
        "expires_in": "3600",
    }
    return Answer(200, json.dumps(words).encode(), JSON)


def answer(request: Request, world: World) -> Answer:
    """A page of a list, or a zip of documents; 401 to whoever has no key or no token that holds."""
    refusal = _refusal(request, world)
    if refusal is not None:
        return refusal
    name, _, rest = request.path.removeprefix(ROOT).partition("/")
    reports = [REPORTS[known] for known in ARCHIVED.get(name.upper(), (name.upper(),)) if known in REPORTS]
    if not reports or not request.path.startswith(ROOT):
        return _said(404, "Resource not found")
    if rest == "download":
        return _download(request, world)
    return _listing(reports, request, world)


def _refusal(request: Request, world: World) -> Answer | None:
    if request.headers.get("ocp-apim-subscription-key") != ACCOUNT["ERCOT_SUBSCRIPTION_KEY"]:
        return _said(401, "Access denied due to missing subscription key. Make sure to include it.")
    issued = request.headers.get("authorization", "").removeprefix("Bearer ").removeprefix(_TOKEN)
    if not issued.isdigit():
        return _said(401, "Unauthorized. Access token is missing or invalid.")
    age = world.now - datetime.fromtimestamp(int(issued), UTC)
    return None if age < A_TOKEN_HOLDS else _said(401, "Unauthorized. Access token is missing or invalid.")


def _said(status: int, message: str) -> Answer:
    return Answer(status, json.dumps({"statusCode": status, "message": message}).encode(), JSON)


def archived(
    report: Report, first: datetime, last: datetime, world: World
) -> Iterator[tuple[Document, Revision]]:
    """The documents that were published from one instant to another, newest first."""
    oldest = world.now - timedelta(days=365 * KEPT_YEARS + 5)
    day, until = clock.local_date(last, CENTRAL) + timedelta(days=1), clock.local_date(first, CENTRAL)
    while day >= until - timedelta(days=1):
        if day >= ercot_rows.FIRST_DAY:
            revision = world.revisions.current("ERCOT", report.name, day)
            for one in reversed(list(ercot_rows.documents(report, day))):
                if first <= (at := one.published(revision)) <= min(last, world.now) and at >= oldest:
                    yield one, revision
        day -= timedelta(days=1)


def _listing(reports: list[Report], request: Request, world: World) -> Answer:
    try:
        first, last = (
            datetime.fromisoformat(request.query[name]).replace(tzinfo=_ZONE)
            for name in ("postDatetimeFrom", "postDatetimeTo")
        )
        size, page = int(request.query.get("size", "1000")), int(request.query.get("page", "1"))
    except (KeyError, ValueError):
        return _said(400, "Invalid query parameters")
    if not 1 <= size <= MOST_DOCUMENTS:
        return _said(400, "Page size exceeds the limit")
    found = (
        [] if request.late else [one for report in reports for one in archived(report, first, last, world)]
    )
    part = found[(page - 1) * size : page * size]
    words = {
        "_meta": {
            "totalRecords": len(found),
            "pageSize": size,
            "totalPages": -(-len(found) // size),
            "currentPage": page,
        },
        "product": {"emilId": reports[0].name, "reportTypeId": int(reports[0].number)},
        "archives": [_entry(one, revision) for one, revision in part],
    }
    return Answer(200, json.dumps(words).encode(), JSON)


def _entry(document: Document, revision: Revision) -> dict[str, object]:
    number = int(ercot_site.identity(document))
    published = document.published(revision).astimezone(_ZONE).replace(tzinfo=None)
    href = f"https://api.ercot.com{ROOT}{document.report.name.lower()}?download={number}"
    return {
        "docId": number,
        "friendlyName": f"{document.name}_csv",
        "postDatetime": f"{published:%Y-%m-%dT%H:%M:%S}.000",
        "_links": {"endpoint": {"href": href}},
    }


def _download(request: Request, world: World) -> Answer:
    try:
        identities = [str(one) for one in json.loads(request.body or b"{}")["docIds"]]
    except (ValueError, KeyError, TypeError):
        return _said(400, "Invalid request body")
    known = [(one, ercot_site.found(one)) for one in identities]
    if len(known) > MOST_DOCUMENTS or any(document is None for _, document in known):
        return _said(400, "Invalid docIds")
    members = []
    for number, document_and_twin in known:
        assert document_and_twin is not None
        document, _ = document_and_twin
        revision = world.revisions.current("ERCOT", document.report.name, document.day)
        written = document.published(revision).astimezone(_ZONE).replace(tzinfo=None)
        content = ercot_rows.archive(document, world.nodes, revision, drifted=request.drift)
        name = f"{number}.cdr.{document.report.number:>08}.0000000000000000.{written:%Y%m%d.%H%M%S}.{document.name}.zip"
        members.append(Member(name, content, written))
    return Answer(200, zipped(members), "application/zip")
