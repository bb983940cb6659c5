"""How OASIS says no: an XML document inside a zip, with HTTP 200, whatever format was asked for."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from ingest.simulator.answers import Answer, Member, zipped
from ingest.simulator.world import PACIFIC

DISCLAIMER = (
    "The contents of these pages are subject to change without notice. Decisions based on information "
    "contained within the California ISO's web site are the visitor's sole responsibility."
)

# Code 1000 is worded as in a genuine answer; the wording of the others is ours, after the specification's
# list.
DESCRIPTIONS = {
    1000: "No data returned for the specified selection",
    1001: "Invalid or missing parameters in the request",
    1002: "Invalid date format. Use YYYYMMDDThh:mm-0000",
    1003: "The request timed out",
    1004: "The date range exceeds 31 days",
    1005: "Unknown report name",
    1014: "The start date is beyond the limit",
    1015: "GroupZip DownLoad is in Processing, Please Submit request after Sometime.",
    1016: "Unknown group id",
    1017: "The number of nodes exceeds 10",
    1018: "The request cannot span hours",
    1019: "market_term=ALL is not allowed for this report",
    1020: "The version is missing or not valid for this report",
}


class OasisError(Exception):
    """A request that OASIS answers with an error document."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"{code}: {DESCRIPTIONS[code]}")


def envelope(code: int, now: datetime) -> str:
    """The error document, laid out as in a genuine answer."""
    stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<m:OASISReport xmlns:m="http://www.caiso.com/soa/OASISReport_v1.xsd">',
            "<m:MessageHeader>",
            f"\t<m:TimeDate>{stamp}</m:TimeDate>",
            "\t<m:Source>OASIS</m:Source>",
            "\t<m:Version>v20131201</m:Version>",
            "</m:MessageHeader>",
            "<m:MessagePayload>",
            "<m:RTO>",
            "<m:name>CAISO</m:name>",
            "<m:DISCLAIMER_ITEM>",
            f"<m:DISCLAIMER>{DISCLAIMER}</m:DISCLAIMER>",
            "</m:DISCLAIMER_ITEM>",
            "<m:ERROR>",
            f"<m:ERR_CODE>{code}</m:ERR_CODE>",
            f"<m:ERR_DESC>{DESCRIPTIONS[code]}</m:ERR_DESC>",
            "</m:ERROR>",
            "",
            "</m:RTO>",
            "</m:MessagePayload>",
            "</m:OASISReport>",
        ]
    )


def document(code: int, now: datetime) -> Answer:
    """The error document in its zip."""
    local = now.astimezone(ZoneInfo(PACIFIC))
    body = zipped([Member("INVALID_REQUEST.xml", envelope(code, now).encode(), local)])
    disposition = ("Content-Disposition", "inline; filename=INVALID_REQUEST.xml.zip")
    return Answer(200, body, "application/x-zip-compressed", (disposition,))
