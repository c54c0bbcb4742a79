"""The shared strings of a workbook, in temporary files. Blocking: call it in a thread."""

import mmap
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from models.transfers.workbooks.workbook_xml import blocks_of, local_name, new_parser, unescaped


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
def shared_strings(archive: zipfile.ZipFile) -> Iterator[SharedStrings]:
    name = next((part for part in archive.namelist() if part.lower() == "xl/sharedstrings.xml"), None)
    if name is None:
        yield SharedStrings(b"", b"")
        return
    with tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as ends:
        _write_strings(archive, name, text, ends)
        with ExitStack() as stack:
            yield SharedStrings(_mapped(text, stack), _mapped(ends, stack))


def _write_strings(archive: zipfile.ZipFile, name: str, text: IO[bytes], ends: IO[bytes]) -> None:
    pieces: list[str] = []
    end, reading, in_phonetic = 0, False, False

    def begin(name: str, _: dict[str, str]) -> None:
        nonlocal reading, in_phonetic
        if name == "rPh":  # a phonetic hint
            in_phonetic = True
        elif name == "t":
            reading = not in_phonetic

    def finish(name: str) -> None:
        nonlocal end, reading, in_phonetic
        name = local_name(name)
        if name == "t":
            reading = False
        elif name == "rPh":
            in_phonetic = False
        elif name == "si":
            end += text.write(unescaped("".join(pieces)).encode("utf-8", "replace"))
            ends.write(end.to_bytes(8, "little"))
            pieces.clear()

    parser = new_parser(begin)
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = lambda data: pieces.append(data) if reading else None
    for block in blocks_of(archive, name):
        parser.Parse(block)
    text.flush()
    ends.flush()


def _mapped(file: IO[bytes], stack: ExitStack) -> mmap.mmap | bytes:
    if file.tell() == 0:
        return b""
    return stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
