"""www.ercot.com's pages of reports: a table that a script fills from the list in JSON; without one there is no link."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ingest.simulator import ercot_model
from ingest.simulator.answers import Answer, Request
from ingest.simulator.broken import HTML
from ingest.simulator.ercot_rows import REPORTS

PAGE = "/mp/data-products/data-product-details"
# The numbers that the pages' scripts ask the lists with.
NUMBERS: Mapping[str, str] = {
    **{report.name: report.number for report in REPORTS.values()},
    "NP4-160-SG": ercot_model.NUMBER,
    "NP4-180-ER": "13060",
    "NP4-181-ER": "13091",
    "NP6-785-ER": "13061",
}
COOKIE = "visit=opened-a-page"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Data Product Details</title><link rel="icon" href="data:,">
</head><body><nav><a href="/">Home</a> <a href="/mp/data-products">Data Products</a></nav>
<h1>%(name)s</h1><table id="reportTable"><tbody></tbody></table><p id="none"></p>
<script>
const body = document.querySelector('#reportTable tbody');
const cell = (row, text) => { const made = row.insertCell(); made.textContent = text; return made; };
fetch('../../misapp/servlets/IceDocListJsonWS?reportTypeId=%(number)s&_=' + Date.now())
  .then(answer => answer.json())
  .then(list => {
    for (const {Document: one} of list.ListDocsByRptTypeRes.DocumentList) {
      const row = body.insertRow();
      cell(row, one.FriendlyName);
      const [year, month, rest] = one.PublishDate.slice(0, 19).split('-');
      cell(row, `${month}/${rest.slice(0, 2)}/${year} ${rest.slice(3)}`);
      const link = document.createElement('a');
      link.href = '../../misdownload/servlets/mirDownload?doclookupId=' + one.DocID;
      link.textContent = 'zip';
      cell(row, '').append(link);
    }
  })
  .catch(() => {})
  .then(() => { if (!body.rows.length) document.querySelector('#none').textContent = 'No documents to show.'; });
</script></body></html>
"""


def answer(request: Request) -> Answer:
    """The page of a report, its table empty."""
    name = request.query.get("id", "").upper()
    words = {"name": escape(name), "number": NUMBERS.get(name, "")}
    return Answer(200, (_PAGE % words).encode(), HTML, (("Set-Cookie", f"{COOKIE}; Path=/"),))
