"""The sheets of a workbook."""

import zipfile
from collections.abc import Sequence
from typing import NamedTuple

from models.errors import Invalid, NotFound
from models.transfers.workbooks.limits import MOST_SHEETS
from models.transfers.workbooks.workbook_xml import local_name, parse


class Sheet(NamedTuple):
    """A sheet with rows. `path` is in the archive; with `is_1904`, days count from 1904."""

    name: str
    path: str
    is_visible: bool
    is_1904: bool


def read_sheets(archive: zipfile.ZipFile) -> list[Sheet]:
    """Returns the sheets with rows, no charts. Raises Invalid when the archive is no workbook."""
    listed: list[tuple[str, str, bool]] = []
    targets: dict[str, str] = {}
    is_1904 = False

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal is_1904
        if name == "sheet" and len(listed) < MOST_SHEETS:
            link = next(value for key, value in attributes.items() if local_name(key) == "id")
            listed.append((attributes.get("name", ""), link, attributes.get("state", "visible") == "visible"))
        elif name == "workbookPr":
            is_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    if "xl/workbook.xml" not in archive.namelist():
        raise Invalid("the file is a zip archive and no .xlsx workbook: send a CSV or XLSX file")
    parse(archive, "xl/workbook.xml", begin)
    parse(archive, "xl/_rels/workbook.xml.rels", begin)
    sheets = [Sheet(name, _path(targets[link]), visible, is_1904) for name, link, visible in listed if link in targets]
    return [sheet for sheet in sheets if "worksheets/" in sheet.path]


def _path(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def choose_sheet(sheets: Sequence[Sheet], name: str | None) -> Sheet:
    """Chooses a sheet by its name, also a hidden one; None chooses the first that can be seen.

    Raises Invalid when none can be seen, and NotFound for a name that no sheet has.
    """
    visible = [sheet for sheet in sheets if sheet.is_visible]
    if name is None:
        if not visible:
            raise Invalid("the workbook has no sheet that can be seen")
        return visible[0]
    for spelled in (str, _folded):
        for sheet in sheets:
            if spelled(sheet.name) == spelled(name):
                return sheet
    known = ", ".join(repr(sheet.name) for sheet in visible[:30]) + (" and more" if len(visible) > 30 else "")
    raise NotFound(f"the workbook has no sheet {name[:100]!r}: its sheets are {known}", ("sheet",))


def _folded(name: str) -> str:
    return name.strip().casefold()
