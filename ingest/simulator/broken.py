"""The wrong answers, as the real hosts word them."""

from __future__ import annotations

from datetime import datetime

from ingest.simulator import caiso_errors
from ingest.simulator.answers import Answer
from ingest.simulator.faults import Fault

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"

# What a host with an acceptable-use limit serves with status 200 when asked too fast.
ACCEPTABLE_USE = (
    "<!DOCTYPE html>\n<html>\n<head><title>Acceptable Use Policy</title></head>\n<body>\n"
    "<h1>Acceptable Use Policy</h1>\n<p>Your requests have exceeded the acceptable use of this site. "
    "Please reduce the frequency of your requests and try again later.</p>\n</body>\n</html>\n"
)

# What stands in front of a site with bot protection: a page that needs a browser to become data.
SHELL = (
    '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Data Miner 2</title>'
    '<script src="/challenge.js"></script></head>\n<body><noscript>Please enable JavaScript to continue.'
    '</noscript><div id="root"></div></body>\n</html>\n'
)

THROTTLE_SENTENCE = "Rate limit is exceeded. Try again in 30 seconds."
THROTTLE_JSON = '{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 30 seconds." }'


def too_many(host: str, retry_after: int | None = None) -> Answer:
    """HTTP 429, in JSON from hosts behind an API management, else in HTML; the header only when asked."""
    headers = (("Retry-After", str(retry_after)),) if retry_after is not None else ()
    if host.startswith("api."):
        return Answer(429, THROTTLE_JSON.encode(), JSON, headers)
    body = "<html><head><title>429</title></head><body><h1>429 Too Many Requests</h1></body></html>\n"
    return Answer(429, body.encode(), HTML, headers)


def instead(fault: Fault, host: str, now: datetime) -> Answer | None:
    """The answer that takes the place of the real one, or None where the fault lets the real one through."""
    match fault.kind:
        case "throttle_429":
            return too_many(host)
        case "throttle_429_retry_after":
            return too_many(host, fault.retry_after)
        case "error_500":
            return Answer(500, b"<html><body><h1>500 Internal Server Error</h1></body></html>\n", HTML)
        case "aup_html":
            return Answer(200, ACCEPTABLE_USE.encode(), HTML)
        case "html_shell":
            return Answer(200, SHELL.encode(), HTML)
        case "throttle_text":
            return Answer(200, f"{THROTTLE_SENTENCE}\r\n".encode(), "text/csv; charset=utf-8")
        case "no_data_1000":
            return caiso_errors.document(1000, now)
        case "group_in_processing":
            return caiso_errors.document(1015, now)
        case _:
            return None
