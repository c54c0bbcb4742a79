"""Guesses how a file writes its values, from some of its cells. Offered to people, never taken by themselves."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.contacts.attributes import Fields
from models.rules.tree import FieldType
from models.transfers.imports.consent_guess import guess_consent_words
from models.transfers.imports.country_guess import guess_country
from models.transfers.imports.day_formats import is_no_day
from models.transfers.imports.mapping import ATTRIBUTES, KEYS

Columns = Sequence[Sequence[str]]
"""The cells of each column, without blank ones."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A value of an option of an import, by the option's name in the API. `confidence` is from 0 to 1."""

    option: str
    value: Any
    confidence: float
    reason: str


def guess_formats(mapped: Sequence[str | None], columns: Columns, fields: Fields, country: str | None) -> list[Guess]:
    """Options that differ from their defaults. `mapped`: the field of each column."""
    found = [
        _guess_date_format([cells for name, cells in zip(mapped, columns, strict=True) if name not in KEYS], country),
        _guess_decimal_comma(columns),
        _of(guess_country, "country", _of_field("phone", mapped, columns), columns, country),
        _of(guess_consent_words, "consentValues", _of_field("whatsapp_consent", mapped, columns)),
        _guess_list_separator(_of_lists(mapped, columns, fields)),
    ]
    return [guess for guess in found if guess is not None]


def _of(guess: Callable[..., tuple[Any, float, str] | None], option: str, *arguments: Any) -> Guess | None:
    found = guess(*arguments)
    return None if found is None else Guess(option, found[0], round(found[1], 2), found[2])


def _of_field(field: str, mapped: Sequence[str | None], columns: Columns) -> Sequence[str]:
    return next((cells for name, cells in zip(mapped, columns, strict=True) if name == field), ())


def _of_lists(mapped: Sequence[str | None], columns: Columns, fields: Fields) -> list[str]:
    lists = {"tags", *(f"{ATTRIBUTES}{key}" for key, one in fields.items() if one.type is FieldType.MULTI_CHOICE)}
    return [cell for name, cells in zip(mapped, columns, strict=True) if name in lists for cell in cells]


# ---------------------------------------------------------------- days


_DAY: Final = re.compile(
    r"\s*([0-9]{1,4})(\. |[/.\- ])([0-9]{1,2})\2([0-9]{1,4})\.?(?:[T ,](?:[^0-9]*|[ ,]*[0-9]{1,2}[:.hH][0-9]{2}.*))?"
)
"""A day, perhaps with a time. What has other digits behind it is something else, such as a number of a phone."""

_MONTH_FIRST: Final = frozenset({"US", "PH", "PR", "GU", "VI", "AS", "MP", "FM", "MH", "PW"})
"""Countries where the month comes before the day."""


def _guess_date_format(columns: Columns, country: str | None) -> Guess | None:
    """By the columns of which nine in ten cells look like days that are not YYYY-MM-DD."""
    days = [parts for cells in columns for parts in _days_of(cells)]
    if not days:
        return None
    fitting = {order: sum(_fits(order, numbers) for numbers, _ in days) for order in ("DMY", "MDY", "YMD", "YDM")}
    most = max(fitting.values())
    if most * 10 < len(days) * 9:
        return None
    best = [order for order, count in fitting.items() if count == most]
    separator = Counter(separator for _, separator in days).most_common(1)[0][0]
    order, confidence, reason = _choose(best, separator, country, len(days))
    return Guess("dateFormat", _written(order, separator, days), round(confidence * most / len(days), 2), reason)


def _days_of(cells: Sequence[str]) -> list[tuple[tuple[str, str, str], str]]:
    given = [cell for cell in cells if not is_no_day(cell.strip())]
    found = [match for cell in given if (match := _DAY.fullmatch(cell)) is not None]
    days = [((one[1], one[3], one[4]), one[2]) for one in found if _has_year((one[1], one[4])) and not _is_iso(one)]
    return days if days and len(found) * 10 >= len(given) * 9 else []


def _has_year(ends: Iterable[str]) -> bool:
    return max(map(len, ends)) in (2, 4)


def _is_iso(found: re.Match[str]) -> bool:
    return found[2] == "-" and tuple(map(len, (found[1], found[3], found[4]))) == (4, 2, 2)


def _fits(order: str, numbers: Sequence[str]) -> bool:
    part = dict(zip(order, numbers, strict=True))
    day, month, year = part["D"], part["M"], part["Y"]
    return len(year) in (2, 4) and len(day) <= 2 and 1 <= int(day) <= 31 and len(month) <= 2 and 1 <= int(month) <= 12


def _choose(best: Sequence[str], separator: str, country: str | None, count: int) -> tuple[str, float, str]:
    if len(best) == 1:
        return best[0], min(0.99, 0.8 + count / 100), f"{count} cells can be read so, and not otherwise"
    usual = "MDY" if country in _MONTH_FIRST else "DMY"
    order = usual if usual in best else best[0]
    if "MDY" in best and separator.startswith(".") and "DMY" in best:
        return "DMY", 0.8, "days with points begin with the day nearly everywhere, and no cell says otherwise"
    return order, 0.5, f"no cell of {count} says which is the day and which the month: look into the file"


def _written(order: str, separator: str, days: Sequence[tuple[tuple[str, str, str], str]]) -> str:
    index = order.index("Y")
    year = "YYYY" if all(len(numbers[index]) == 4 for numbers, _ in days) else "YY"
    return separator.join({"D": "DD", "M": "MM", "Y": year}[part] for part in order)


# ---------------------------------------------------------------- numbers


_NUMBER: Final = re.compile(
    "[+-]?[0-9]{1,3}(?:[.,'\u2019 \u00a0\u202f]?[0-9]{3})*(?:[.,][0-9]+)?|[+-]?[0-9]+[.,][0-9]+"
)
_COMMA: Final = re.compile(
    "[+-]?[0-9.'\u2019 \u00a0\u202f]+,(?:[0-9]{1,2}|[0-9]{4,})|[+-]?[0-9]{1,3}(?:\\.[0-9]{3})+,[0-9]+"
)
_POINT: Final = re.compile(r"[+-]?[0-9,' ]+\.(?:[0-9]{1,2}|[0-9]{4,})")


def _guess_decimal_comma(columns: Columns) -> Guess | None:
    """By the columns of which nine in ten cells look like numbers."""
    numbers = [cell.strip() for cells in columns if _are_numbers(cells) for cell in cells]
    commas = sum(_COMMA.fullmatch(number) is not None for number in numbers)
    points = sum(_POINT.fullmatch(number) is not None for number in numbers)
    if commas == 0 or commas <= points:
        return None
    confidence = commas / (commas + points) * min(0.99, 0.7 + commas / 50)
    return Guess("decimalComma", True, round(confidence, 2), f"{commas} cells have a comma where decimals begin")


def _are_numbers(cells: Sequence[str]) -> bool:
    return sum(_NUMBER.fullmatch(cell.strip()) is not None for cell in cells) * 10 >= len(cells) * 9


# ---------------------------------------------------------------- lists


_SEPARATORS: Final[Mapping[str, str]] = {" ::: ": ":", ";": ";", "|": "|", ",": ","}
"""What stands between items, and the option for it."""


def _guess_list_separator(cells: Sequence[str]) -> Guess | None:
    counts = {separator: sum(separator in cell for cell in cells) for separator in _SEPARATORS}
    best = max(counts, key=lambda separator: counts[separator])
    if counts[best] == 0 or best == ";":
        return None
    others = sum(count for separator, count in counts.items() if separator != best)
    confidence = counts[best] / (counts[best] + others) * min(0.95, 0.6 + counts[best] / 20)
    return Guess(
        "listSeparator", _SEPARATORS[best], round(confidence, 2), f"{counts[best]} cells have {best.strip()!r}"
    )
