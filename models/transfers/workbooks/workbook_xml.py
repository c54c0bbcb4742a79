"""Parses the XML inside an .xlsx workbook."""

import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, Final
from xml.parsers import expat

from models.errors import Invalid
from models.transfers.workbooks.limits import MOST_BYTES_OF_A_TAG

_BLOCK_BYTES: Final = 1 << 18


def blocks_of(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while block := part.read(_BLOCK_BYTES):
            yield block


def parse(archive: zipfile.ZipFile, name: str, begin: Callable[[str, dict[str, str]], None]) -> None:
    parser = XmlParser(begin)
    for block in blocks_of(archive, name):
        parser.feed(block)


class XmlParser:
    """Calls `begin` with local names and attributes, `end` with local names, and `characters`. Refuses entities."""

    def __init__(
        self,
        begin: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        characters: Callable[[str], None] | None = None,
    ) -> None:
        self._fed = 0
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = 1 << 16
        parser.EntityDeclHandler = _refuse_entities
        parser.StartElementHandler = lambda name, attributes: begin(local_name(name), attributes)
        if end is not None:
            parser.EndElementHandler = lambda name: end(local_name(name))
        parser.CharacterDataHandler = characters

    def feed(self, block: bytes) -> None:
        """Parses the next block. Raises Invalid for a tag that is too long, and expat's errors."""
        self._parser.Parse(block)
        self._fed += len(block)
        if self._fed - self._parser.CurrentByteIndex > MOST_BYTES_OF_A_TAG:
            raise Invalid("the workbook has a tag that is longer than any needs to be: save it anew")


def _refuse_entities(*_: Any) -> None:
    raise Invalid("the workbook declares XML entities, which none needs: save it anew")


def local_name(name: str) -> str:
    return name.rpartition(":")[2]


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
        parse(archive, "xl/styles.xml", begin)
    return dates


def _shows_date(code: str) -> bool:
    return bool(re.search(r"[ymdhs]", _NOT_FORMAT.sub("", code.partition(";")[0]), re.IGNORECASE))


_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
