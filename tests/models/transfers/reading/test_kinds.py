"""A file that is no table is called what it is."""

import gzip
import io
import json
import tarfile
import zipfile

import pytest

from models.errors import Invalid
from models.transfers.reading.inspection import InspectionRequest, inspect_head
from models.transfers.reading.kinds import is_workbook, refuse_other_bytes
from tests.kit.transfers import workbook

HTML = "<html><head><meta charset='utf-8'></head><body><table><tr><td>email</td></tr></table></body></html>"
XML_2003 = '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>'
VCARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana\r\nEND:VCARD\r\n"


def archive(**parts: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name, content in parts.items():
            opened.writestr(name.replace("_", "/").replace("-", "."), content)
    return made.getvalue()


def tar() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as opened:
        opened.addfile(tarfile.TarInfo("contacts.csv"))
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HTML.encode(), "a web page (HTML): open it in a spreadsheet and save it as .xlsx or CSV"),
        (b"\xef\xbb\xbf\r\n<table border=1>\n<tr><th>email", "a web page (HTML)"),
        (("\ufeff" + HTML).encode("utf-16-le"), "a web page (HTML)"),
        (b"<!DOCTYPE html>\n", "a web page (HTML)"),
        (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n", "a web page or an e-mail (MIME)"),
        (XML_2003.encode(), "an Excel workbook in XML (of 2003): open it in a spreadsheet"),
        (b"<?xml version='1.0'?><contacts><contact/></contacts>", "XML: send a CSV or XLSX file"),
        (json.dumps([{"email": "a@x.example"}]).encode(), "JSON: convert it to CSV, with a column for each key"),
        (b'{"email": "a@x.example"}\n{"email": "b@x.example"}\n', "JSON"),
        (b'[\n  {\n "email": 1}]', "JSON"),
        (VCARD.encode(), "contacts of an address book (vCard): import it there, and export it as CSV"),
        (VCARD.lower().encode("utf-16"), "contacts of an address book (vCard)"),
        (b"BEGIN:VCALENDAR\r\n", "a calendar (iCalendar)"),
        (b"dn: cn=Ana,dc=example\ncn: Ana\n", "a directory export (LDIF)"),
        (b"-- MySQL dump 10.13\n--\nINSERT INTO `contacts` VALUES (1);\n", "an SQL dump"),
        (b"ID;PWXL;N;E\r\nC;Y1;X1;K1\r\n", "a SYLK spreadsheet (.slk)"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls), or one with a password"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00", "an old Excel workbook (.xls)"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a picture"),
        (b"\x00\x00\x00\x18ftypheic", "a picture"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a picture"),
        (b"\x00\x00\x00\x18ftypmp42", "a sound or a film"),
        (b"SQLite format 3\x00", "a SQLite database"),
        (b"-----BEGIN PGP MESSAGE-----\n", "encrypted (PGP)"),
        (gzip.compress(b"email\n", mtime=0), "compressed (gzip)"),
        (tar(), "a tar archive"),
        (
            archive(**{"contacts-csv": "email\n"}),
            "a zip archive: unpack it and send the CSV or XLSX file that is inside",
        ),
        (archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "an OpenDocument spreadsheet (.ods)"),
        (archive(**{"Index_Document-iwa": ""}), "a document of Numbers, Pages or Keynote"),
        (archive(**{"[Content/Types]-xml": "", "word_document-xml": ""}), "a Word document (.docx)"),
        (archive(**{"[Content/Types]-xml": "", "xl_workbook-bin": ""}), "a binary Excel workbook (.xlsb)"),
    ],
)
def test_it_is_said_what_the_file_is_and_what_to_do(content, said):
    with pytest.raises(Invalid) as caught:
        inspect_head(content, InspectionRequest(), whole=True)
    assert caught.value.message.startswith(f"the file is {said}")


@pytest.mark.parametrize(
    "content",
    [
        b"ORCID,email\n1,a@x.example\n",
        b"ID3,name\n1,A\n",
        b"MIMEType,email\nx,a@x.example\n",
        b"<email>,<name>\na@x.example,A\n",
        b"[email],[name]\na@x.example,A\n",
        b"id;phone\nb;+34600111222\n",
        b"Created,email\nx,a@x.example\n",
        b"dn,email\nx,a@x.example\n",
        b"BM,email\nx,a@x.example\n",
        b"Begin,vcard\nx,a@x.example\n",
        b"--,email\nx,a@x.example\n",
    ],
)
def test_a_table_whose_header_looks_a_little_like_it_is_a_table(content):
    assert inspect_head(content, InspectionRequest(), whole=True)[0].rows == 1


def test_a_workbook_is_one():
    content = workbook([["email"]])
    assert is_workbook(content)
    refuse_other_bytes(content)
