"""The shared strings of a workbook, in temporary files."""

import mmap
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Protocol

from models.errors import Invalid
from models.transfers.cells import LONGEST_ROW
from models.transfers.workbooks.workbook_xml import XmlParser, blocks_of, unescaped


class Strings(Protocol):
    def __getitem__(self, index: int) -> str: ...


class SeenStrings:
    """Stands for strings that are not read yet, and finds out how many are needed."""

    def __init__(self) -> None:
        self.count = 0

    def __getitem__(self, index: int) -> str:
        self.count = max(self.count, index + 1)
        return "-"


class SharedStrings:
    def __init__(self, text: mmap.mmap | bytes, ends: mmap.mmap | bytes) -> None:
        self._text, self._ends = text, ends

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) // 8:
            raise IndexError(index)
        start = self._end_of(index - 1) if index else 0
        return self._text[start : self._end_of(index)].decode()

    def _end_of(self, index: int) -> int:
        return int.from_bytes(self._ends[8 * index : 8 * index + 8], "little")


@contextmanager
def shared_strings(archive: zipfile.ZipFile, most: int | None = None) -> Iterator[SharedStrings]:
    """Gives at least the first `most` strings; None: all of them."""
    name = next((part for part in archive.namelist() if part.lower() == "xl/sharedstrings.xml"), None)
    if name is None:
        yield SharedStrings(b"", b"")
        return
    with tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as ends:
        _write_strings(archive, name, text, ends, most)
        with ExitStack() as stack:
            yield SharedStrings(_mapped(text, stack), _mapped(ends, stack))


def _write_strings(archive: zipfile.ZipFile, name: str, text: IO[bytes], ends: IO[bytes], most: int | None) -> None:
    writer = _StringWriter(text, ends)
    parser = XmlParser(writer.begin, writer.end, writer.characters)
    for block in blocks_of(archive, name):
        if most is not None and writer.written >= most:
            break
        parser.feed(block)
    text.flush()
    ends.flush()


class _StringWriter:
    def __init__(self, text: IO[bytes], ends: IO[bytes]) -> None:
        self.written = 0
        self._text, self._ends, self._end = text, ends, 0
        self._pieces: list[str] = []
        self._length = 0
        self._reading, self._in_phonetic = False, False

    def begin(self, name: str, _: dict[str, str]) -> None:
        if name == "rPh":  # a phonetic hint
            self._in_phonetic = True
        elif name == "t":
            self._reading = not self._in_phonetic

    def characters(self, data: str) -> None:
        if self._reading:
            self._length += len(data)
            if self._length > LONGEST_ROW:
                raise Invalid(
                    f"the workbook has a text of more than {LONGEST_ROW:,} characters: it is no list of contacts"
                )
            self._pieces.append(data)

    def end(self, name: str) -> None:
        if name == "t":
            self._reading = False
        elif name == "rPh":
            self._in_phonetic = False
        elif name == "si":
            self._end += self._text.write(unescaped("".join(self._pieces)).encode("utf-8", "replace"))
            self._ends.write(self._end.to_bytes(8, "little"))
            self._pieces.clear()
            self._length, self.written = 0, self.written + 1


def _mapped(file: IO[bytes], stack: ExitStack) -> mmap.mmap | bytes:
    if file.tell() == 0:
        return b""
    return stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
