"""Parses the XML inside an .xlsx workbook. Blocking: call it in a thread."""

import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, Final
from xml.parsers import expat

from models.errors import Invalid

_BLOCK_BYTES: Final = 1 << 18


def blocks_of(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while block := part.read(_BLOCK_BYTES):
            yield block


def _parse(archive: zipfile.ZipFile, name: str, begin: Callable[[str, dict[str, str]], None]) -> None:
    parser = new_parser(begin)
    for block in blocks_of(archive, name):
        parser.Parse(block)


def new_parser(begin: Callable[[str, dict[str, str]], None]) -> Any:
    """Calls `begin` with local names and attributes. Refuses entities."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1 << 16
    parser.EntityDeclHandler = _refuse_entities
    parser.StartElementHandler = lambda name, attributes: begin(local_name(name), attributes)
    return parser


def _refuse_entities(*_: Any) -> None:
    raise Invalid("the workbook declares XML entities, which none needs: save it anew")


def local_name(name: str) -> str:
    return name.rpartition(":")[2]


def first_sheet(archive: zipfile.ZipFile) -> tuple[str, bool]:
    """The first visible sheet, and whether days count from 1904."""
    sheets: list[str] = []
    targets: dict[str, str] = {}
    is_1904 = False

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal is_1904
        if name == "sheet" and attributes.get("state", "visible") == "visible":
            sheets.append(next(value for key, value in attributes.items() if local_name(key) == "id"))
        elif name == "workbookPr":
            is_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    if "xl/workbook.xml" not in archive.namelist():
        raise Invalid("the file is a zip archive and no .xlsx workbook: send a CSV or XLSX file")
    _parse(archive, "xl/workbook.xml", begin)
    _parse(archive, "xl/_rels/workbook.xml.rels", begin)
    for sheet in sheets:
        target = targets[sheet]
        path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if "worksheets/" in path:
            return path, is_1904
    raise Invalid("the workbook has no sheet that can be seen")


_DATES: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Ids of built-in formats."""

_NOT_FORMAT: Final = re.compile(r'"[^"]*"|\\.|_.|\[[^\]]*\]')


def date_styles(archive: zipfile.ZipFile) -> set[int]:
    """Returns the indexes of the styles that show dates or times."""
    formats: dict[int, str] = {}
    dates: set[int] = set()
    inside, index = False, 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside, index
        if name == "numFmt":
            formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name in ("cellXfs", "cellStyles", "cellStyleXfs", "dxfs"):
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            format_id = int(attributes.get("numFmtId", "0"))
            code = formats.get(format_id)
            if format_id in _DATES if code is None else _shows_date(code):
                dates.add(index)
            index += 1

    if "xl/styles.xml" in archive.namelist():
        _parse(archive, "xl/styles.xml", begin)
    return dates


def _shows_date(code: str) -> bool:
    return bool(re.search(r"[ymdhs]", _NOT_FORMAT.sub("", code.partition(";")[0]), re.IGNORECASE))


_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
