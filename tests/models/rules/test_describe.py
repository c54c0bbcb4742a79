"""Rules in plain words."""

import pytest

from models.rules.catalogue import Catalogue, KnownSegment, custom_field
from models.rules.check import check
from models.rules.describe import describe
from models.rules.tree import FieldType

FIELDS = [
    custom_field("city", "City", FieldType.TEXT),
    custom_field("renewal", "Renewal", FieldType.DATE),
    custom_field("wishes", "Wishes", FieldType.MULTI_CHOICE, ("Lips", "Brows")),
]
CATALOGUE = Catalogue(custom={field.key: field for field in FIELDS}, segments={3: KnownSegment("Rich")})


def field(name, operator, value=None):
    return {"field": {"field": name, "operator": operator, "value": value}}


def tags(operator, *tags):
    return {"tags": {"operator": operator, "tags": list(tags)}}


def activity(**body):
    return {"activity": {"kind": "purchase", "operator": "GTE", "value": 3} | body}


BOTOX = tags("HAS_ANY", "botox")
SILENT = field("last_interaction_at", "MORE_THAN_AGO", "P30D")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"all": [BOTOX, SILENT]}, "tagged botox and last interaction more than 30 days ago"),
        (
            {"any": [BOTOX, {"all": [SILENT, BOTOX]}]},
            "tagged botox or (last interaction more than 30 days ago and tagged botox)",
        ),
        ({"not": {"any": [BOTOX, SILENT]}}, "not (tagged botox or last interaction more than 30 days ago)"),
        ({"all": [{"all": [BOTOX]}]}, "tagged botox"),
        (tags("HAS_ALL", "a", "b", "c"), "tagged a, b and c"),
        (tags("HAS_NONE", "a", "b"), "tagged neither a nor b"),
        (tags("HAS_ANY", *"abcdefgh"), "tagged a, b, c, d, e, f or 2 more"),
        (field("email", "ENDS_WITH", "@x.org"), 'email ends with "@x.org"'),
        (field("attributes.city", "IN", ["Madrid", "Paris"]), 'City is one of "Madrid" or "Paris"'),
        (field("attributes.city", "NOT_IN", ["Madrid"]), 'City is other than "Madrid"'),
        (field("attributes.city", "NOT_IN", ["Madrid", "Paris"]), 'City is set and is none of "Madrid" or "Paris"'),
        (field("score", "IN", [3]), "score is 3"),
        (field("attributes.city", "IS_NOT_SET"), "City is not set"),
        (field("score", "BETWEEN", [1, 2.5]), "score is between 1 and 2.5"),
        (field("date_of_birth", "LT", "2000-01-31"), "date of birth is before 2000-01-31"),
        (field("created_at", "GTE", "2026-01-31T01:00:00+01:00"), "created is not before 2026-01-31 00:00:00 UTC"),
        (field("created_at", "LT", "0005-01-01T00:00:00.25Z"), "created is before 0005-01-01 00:00:00.250000 UTC"),
        (
            field("subscribed_at", "BETWEEN", ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]),
            "subscribed is between 2026-01-01 00:00:00 UTC and 2026-02-01 00:00:00 UTC",
        ),
        (field("date_of_birth", "ANNIVERSARY_WITHIN_NEXT", "P0D"), "date of birth has its anniversary today"),
        (
            field("date_of_birth", "ANNIVERSARY_WITHIN_NEXT", "P1W"),
            "date of birth has its anniversary in the next 7 days",
        ),
        (field("attributes.renewal", "WITHIN_NEXT", "P1M"), "Renewal in the next month"),
        (field("attributes.renewal", "MORE_THAN_AGO", "P1Y6M"), "Renewal more than 1 year and 6 months ago"),
        (field("attributes.wishes", "HAS_NONE", ["Lips"]), 'Wishes is set and has none of "Lips"'),
        (field("whatsapp_consent", "EQUALS", "opted_in"), 'WhatsApp consent is "OPTED_IN"'),
        ({"segment": {"segmentId": 3}}, 'in segment "Rich"'),
        ({"segment": {"segmentId": 3, "member": False}}, 'not in segment "Rich"'),
        (activity(within="P1Y"), "at least 3 purchase activities in the last year"),
        (activity(operator="EQUALS", value=0, within="P30D"), "no purchase activity in the last 30 days"),
        (activity(operator="EQUALS", value=1), "exactly 1 purchase activity"),
        (activity(operator="IN", value=[1, 3]), "exactly 1 or 3 purchase activities"),
        (activity(operator="NOT_IN", value=[0, 1, 2]), "other than 0, 1 or 2 purchase activities"),
        (activity(operator="BETWEEN", value=[1, 3]), "between 1 and 3 purchase activities"),
        (activity(operator="LTE", value=0), "no purchase activity"),
        (
            activity(metric="AVERAGE", property="amount", operator="GT", value=0.5),
            "average of amount over purchase activities is more than 0.5",
        ),
        (
            activity(metric="DISTINCT_COUNT", property="shop", within="P1Y6M"),
            "number of different values of shop over purchase activities in the last 1 year and 6 months is at least 3",
        ),
        (
            activity(metric="FIRST_OCCURRED", operator="WITHIN_LAST", value="P1D"),
            "first purchase in the last day",
        ),
        (
            activity(metric="SUM", property="amount", where=[{"property": "shop", "operator": "EQUALS", "value": "A"}]),
            'sum of amount over purchase activities where shop is "A" is at least 3',
        ),
        (
            activity(metric="LAST_OCCURRED", operator="MORE_THAN_AGO", value="P30D"),
            "last purchase more than 30 days ago",
        ),
        (
            activity(since="2026-01-01T00:00:00Z", until="2026-02-01T00:00:00Z"),
            "at least 3 purchase activities since 2026-01-01 00:00:00 UTC before 2026-02-01 00:00:00 UTC",
        ),
    ],
)
def test_a_rule_reads_as_plain_words(rule, words):
    assert describe(check(rule, CATALOGUE)) == words
