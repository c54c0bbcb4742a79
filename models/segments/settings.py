"""Checks the settings of a segment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.contacts import fields
from models.contacts.selections import ContactSelection
from models.db.tables.segments import SegmentKind
from models.errors import DomainError, Problems, Required, Unsupported
from models.rule_catalogue.loading import load_catalogue
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.values.texts import check_name, check_text
from permissions.principal import Scope

MAX_NAME = 200
MAX_DESCRIPTION = 2_000


@dataclass(slots=True)
class _Checking:
    errors: list[DomainError] = field(default_factory=list)

    def take(self, key: str, check_one: Callable[[Any], Any], value: Any) -> Any:
        try:
            return _at(key, check_one, value)
        except DomainError as error:
            self.errors.append(error)
        except Problems as problems:
            self.errors.extend(problems.errors)
        return None


async def checked(
    scope: Scope,
    kind: SegmentKind,
    given: Mapping[str, Any],
    contacts: ContactSelection | None = None,
    segment_id: int | None = None,
) -> dict[str, Any]:
    """The values as stored. Raises Problems with all errors."""
    checking = _Checking()
    checks: dict[str, Callable[[Any], Any]] = {"name": _name, "description": _description}
    values = {key: checking.take(key, checks[key], given[key]) for key in checks if key in given}
    if "rule" in given:
        rule = given["rule"]
        await fields.load_to_write(scope)  # locks the fields that the rule may name
        catalogue = await load_catalogue(scope, rule)
        values["rule"] = checking.take("rule", lambda rule: _rule(kind, rule, catalogue, segment_id), rule)
    if contacts is not None and kind is not SegmentKind.STATIC:
        wrong = f"a {kind} segment's rule says who is in it: leave `contacts` out, or make the segment STATIC"
        checking.errors.append(Unsupported(wrong, ("contacts",)))
    if checking.errors:
        raise Problems(checking.errors)
    return values


def _rule(kind: SegmentKind, rule: Any, catalogue: Catalogue, segment_id: int | None) -> Any:
    if kind is SegmentKind.STATIC:
        if rule is None:
            return None
        raise Unsupported("a STATIC segment has no rule: leave it out, or make a DYNAMIC segment")
    if rule is None:
        raise Required(f"a {kind} segment needs a rule")
    plus = kind is SegmentKind.DYNAMIC_PLUS
    check(rule, catalogue, allows_activities=plus, segment_id=segment_id, path=())
    return rule


def _name(value: Any) -> str:
    if value is None:
        raise Required("a segment needs a name")
    return check_name(value, MAX_NAME)


def _description(value: Any) -> str | None:
    return None if value is None else check_text(value, MAX_DESCRIPTION).strip() or None


def _at(key: str, check_one: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check_one(value)
    except (DomainError, Problems) as error:
        raise error.under(key) from None
