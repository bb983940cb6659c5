"""The XML twins of ERCOT's documents: every document is published as CSV and as XML of the same content.

The CSV is read. Roads pass the twins by; what a user imports is looked at, archives inside archives opened. The parts
of a workbook are XML as well, and no twin; nor is an answer of a site, which is no file that somebody named so.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from ingest.content import BROKEN_ZIP, kind_of, kind_of_bytes
from ingest.errors import Refused
from ingest.routes.ercot_documents import SITE


def without_twin(path: Path) -> None:
    """Refuse what holds a document in XML.

    Raises:
        Refused: it does; the sentence says what to import instead.
    """
    name = _xml_in(path)
    if name is None:
        return
    called = re.search(r"\.\d{6,9}\.(\w+?)(?:_xml)?(?:\.\w+)?$", name)
    twin = f"the CSV, which {SITE} lists as {called[1]}_csv" if called else "the CSV"
    raise Refused(
        f"{Path(name).name} is a document of {SITE} in XML, and every such document is published as CSV too, with the "
        f"same content: import {twin}."
    )


def _xml_in(path: Path) -> str | None:
    if kind_of(path) == "xml" and path.suffix.lower() == ".xml":
        return path.name
    if kind_of(path) != "zip":
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            return _xml_member(archive)
    except BROKEN_ZIP:
        return None


def _xml_member(archive: zipfile.ZipFile) -> str | None:
    """A member that is named as a twin, or the first one where it is written as one.

    Archives of a thousand documents are looked at as well: not every one of them is opened.
    """
    files = [member for member in archive.infolist() if not member.is_dir()]
    if not files or any(member.filename.lower().startswith("xl/") for member in files):
        return None
    for member in files:
        if re.search(r"(\.xml|_xml\.zip)$", member.filename.lower()):
            return member.filename
    with archive.open(files[0]) as file:
        head = file.read(1024)
        if not head.startswith(b"PK\x03\x04"):
            return files[0].filename if kind_of_bytes(head) == "xml" else None
        file.seek(0)
        with zipfile.ZipFile(file) as inner:
            return _xml_member(inner)
