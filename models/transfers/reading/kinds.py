"""Names files that are no table, and says what to do with them."""

import re
from collections.abc import Sequence
from typing import Final

from models.errors import Invalid

NOT_TEXT: Final = "the file is not text in columns: send CSV, TSV or XLSX"

_SAVE: Final = "open it in a spreadsheet and save it as .xlsx or CSV"
_SEND: Final = "send a CSV or XLSX file"
_IMAGE: Final = "a picture: type the list into a spreadsheet and save it as .xlsx or CSV"


def is_workbook(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04") and (b"xl/" in head or b"[Content_Types].xml" in head)


# ---------------------------------------------------------------- by their first bytes


_MARKS: Final[Sequence[tuple[re.Pattern[bytes], str]]] = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"\x1f\x8b", "compressed (gzip): unpack it first"),
        (rb"BZh[1-9]1AY", "compressed (bzip2): unpack it first"),
        (rb"\xfd7zXZ", "compressed (xz): unpack it first"),
        (rb"\x28\xb5\x2f\xfd", "compressed (zstd): unpack it first"),
        (rb"7z\xbc\xaf", "a 7z archive: unpack it first"),
        (rb"Rar!\x1a", "a rar archive: unpack it first"),
        (rb".{257}ustar(\x00|  )", "a tar archive: unpack it first"),
        (
            rb"\xd0\xcf\x11\xe0|\x09[\x00\x02\x04\x08][\x04\x06\x08\x10]\x00",
            "an old Excel workbook (.xls), or one with a password: save it as .xlsx or CSV, without a password",
        ),
        (rb"\s*%PDF", f"a PDF: {_SEND}"),
        (rb"PAR1\x15", f"a Parquet file: {_SEND}"),
        (rb"Obj\x01", f"an Avro file: {_SEND}"),
        (rb"SQLite format 3\x00", "a SQLite database: export the table as CSV"),
        (rb"\x00\x01\x00\x00Standard ", "an Access database: export the table as .xlsx or CSV"),
        (rb"\{\\rtf", f"a rich text document: {_SEND}"),
        (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*|RIFF.{4}WEBP|\x00.{3}ftyp(hei|mif1|avif)", _IMAGE),
        (rb"BM.{4}\x00{4}", _IMAGE),
        (rb"\x00.{3}ftyp|RIFF.{4}(WAVE|AVI )|ID3[\x02-\x04]|OggS\x00|\x1aE\xdf\xa3", f"a sound or a film: {_SEND}"),
        (rb"\x7fELF|MZ[\x00-\xff]\x00", f"a program: {_SEND}"),
        (rb"-----BEGIN PGP MESSAGE", "encrypted (PGP): decrypt it first"),
        (rb"bplist0", f"a property list of a Mac: {_SEND}"),
    )
)

_ARCHIVES: Final[Sequence[tuple[bytes, str]]] = (
    (b"application/vnd.oasis.opendocument.spreadsheet", f"an OpenDocument spreadsheet (.ods): {_SAVE}"),
    (b"application/vnd.oasis.opendocument", f"an OpenDocument text or drawing: {_SEND}"),
    (b"Index/", "a document of Numbers, Pages or Keynote: export it as .xlsx or CSV"),
    (b"xl/workbook.bin", "a binary Excel workbook (.xlsb): save it as .xlsx or CSV"),
    (b"word/", "a Word document (.docx): copy its table into a spreadsheet and save that as .xlsx or CSV"),
    (b"ppt/", "a PowerPoint presentation (.pptx): copy its table into a spreadsheet and save that as .xlsx or CSV"),
)
_OTHER_ARCHIVE: Final = "a zip archive: unpack it and send the CSV or XLSX file that is inside"


def refuse_other_bytes(head: bytes) -> None:
    """Raises Invalid for an empty file and for one whose first bytes tell that it is no table."""
    if not head:
        raise Invalid("the file is empty: send a header and at least one row")
    for pattern, kind in _MARKS:
        if pattern.match(head):
            raise Invalid(f"the file is {kind}")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        other = next((kind for name, kind in _ARCHIVES if name in head), None)
        if other is not None or not is_workbook(head):
            raise Invalid(f"the file is {other or _OTHER_ARCHIVE}")


# ---------------------------------------------------------------- by their first words


_TEXTS: Final[Sequence[tuple[re.Pattern[str], str]]] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (
            r"<\?xml[^>]*>\s*(<\?mso-application[^>]*>|<(ss:)?workbook\b)",
            f"an Excel workbook in XML (of 2003): {_SAVE}",
        ),
        (r"(<!--.*?-->\s*)*<(!doctype html|html|head|body|table|meta|div|style)\b", f"a web page (HTML): {_SAVE}"),
        (r"(<\?xml|<!doctype|<[a-z][\w.:-]*(\s+[\w:-]+\s*=[^>]*)?/?>\s*<)", f"XML: {_SEND}"),
        (r"mime-version:|content-type:\s*(text|multipart)/", f"a web page or an e-mail (MIME): {_SAVE}"),
        (r"begin:vcard", "contacts of an address book (vCard): import it there, and export it as CSV"),
        (r"begin:vcalendar", f"a calendar (iCalendar): {_SEND}"),
        (r"dn:\s*\w+=|version:\s*1\s+dn:", "a directory export (LDIF): export it as CSV"),
        (
            r"(--[^\n]*\n\s*)*(/\*!|insert into|create table|drop table|set names)\b",
            "an SQL dump: export the table as CSV",
        ),
        (r"\{\s*(\"[^\"]*\"\s*:|\})|\[\s*(\{\s*\"|\[|\])", "JSON: convert it to CSV, with a column for each key"),
        (r"%!ps", f"a PostScript document: {_SEND}"),
        (r"id;p(wxl|scalc)", f"a SYLK spreadsheet (.slk): {_SAVE}"),
        (r"#!/", f"a script: {_SEND}"),
    )
)


def refuse_other_texts(text: str) -> None:
    """Raises Invalid for the beginning of a text that is known to be no table."""
    start = text[:4_000].lstrip("\ufeff \t\r\n")
    for pattern, kind in _TEXTS:
        if pattern.match(start):
            raise Invalid(f"the file is {kind}")
