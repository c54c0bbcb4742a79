"""Rules as text in tests."""

from models.rules.catalogue import Catalogue
from models.rules.query.checking import checked
from models.rules.query.parsing import parse
from models.rules.query.parts import FoundSegments
from models.rules.query.printing import segment_by_id, segment_by_name, write


def names_in(catalogue):
    """How each segment is written: by its name, or by an id where the name is not alone or the segment is deleted."""
    names = [segment.name for segment in catalogue.segments.values()]
    return {
        key: segment_by_id(f"id-{key}")
        if segment.deleted or names.count(segment.name) > 1
        else segment_by_name(segment.name)
        for key, segment in catalogue.segments.items()
    }


def printed(rule, catalogue):
    return write(rule, catalogue, names_in(catalogue))


def found_in(catalogue, parsed):
    return {
        named: FoundSegments(
            [
                key
                for key, segment in catalogue.segments.items()
                if (named.text == f"id-{key}" if named.is_id else segment.name == named.text)
            ]
        )
        for named in parsed.segment_names()
    }


def read(text, catalogue=None, **options):
    """The checked rule of a text. Raises QueryProblems."""
    catalogue = catalogue or Catalogue()
    parsed = parse(text, catalogue)
    return checked(parsed, catalogue, found_in(catalogue, parsed), **options)
