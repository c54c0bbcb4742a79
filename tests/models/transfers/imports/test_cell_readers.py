"""The options of an import say how its cells are written."""

from datetime import UTC, date, datetime

import pytest

from models import db
from models.errors import Problems
from permissions.principal import Scope
from tests.kit.transfers import counts, everyone, fields_of_every_type, imported, refused, started, workbook
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def test_days_are_read_in_the_order_that_is_given(scope):
    await fields_of_every_type(scope)
    job = await imported(
        scope,
        "email,date_of_birth,subscribed_at,attributes.date,attributes.datetime\n"
        "a@x.org,31/12/1990,02/01/2026 14:30,1/2/2026,02/01/2026 10:00 UTC\n"
        "b@x.org,1990-12-31,2026-01-02T14:30:00Z,20260201,02/01/2026 2:30 PM +0200\n",
        date_format="DD/MM/YYYY",
    )
    assert counts(job) == {"created": 2}
    first, second = await everyone(scope, "date_of_birth", "subscribed_at", "attributes")
    assert first[:2] == (date(1990, 12, 31), datetime(2026, 1, 2, 13, 30, tzinfo=UTC))  # Madrid's time
    assert db.load_json(first[2]) == {"date": "2026-02-01", "datetime": "2026-01-02T10:00:00.000000Z"}
    assert second[:2] == (date(1990, 12, 31), datetime(2026, 1, 2, 14, 30, tzinfo=UTC))
    assert db.load_json(second[2]) == {"date": "2026-02-01", "datetime": "2026-01-02T12:30:00.000000Z"}


async def test_a_day_in_another_order_is_rejected_with_the_option_that_reads_it(scope):
    job = await imported(scope, "email,date_of_birth\na@x.org,31/12/1990\n")
    assert (await refused(scope, job))[0]["import_reason"] == (
        "'31/12/1990' is not a calendar day: write it as 2026-11-22, or say with dateFormat how days are written here,"
        " such as DD/MM/YYYY"
    )
    job = await imported(scope, "email,date_of_birth\na@x.org,12/31/1990\n", date_format="DD/MM/YYYY")
    assert (await refused(scope, job))[0]["import_reason"].endswith(", or as DD/MM/YYYY")
    assert await everyone(scope, "email") == []


async def test_instants_with_a_zone_after_a_space_and_compact_days_need_no_option(scope):
    job = await imported(
        scope,
        "email,date_of_birth,subscribed_at\na@x.org,19850714,2026-01-02 03:04:05 UTC\n"
        "b@x.org,0000-00-00,2026-01-02 03:04:05 +0200\nc@x.org,0/0/00,\n",
    )
    assert counts(job) == {"created": 3}
    assert await everyone(scope, "date_of_birth", "subscribed_at") == [
        (date(1985, 7, 14), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (None, datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        (None, None),
    ]


async def test_numbers_may_have_a_decimal_comma(scope):
    await fields_of_every_type(scope)
    header = "email,score,attributes.number\n"
    job = await imported(scope, f'{header}a@x.org,"10,0","1.234,5"\n', decimal_comma=True)
    assert counts(job) == {"created": 1}
    [(score, attributes)] = await everyone(scope, "score", "attributes")
    assert (score, db.load_json(attributes)) == (10, {"number": 1234.5})
    job = await imported(scope, f'{header}b@x.org,1,"1.234,5"\nc@x.org,1,"12,5"\n')
    assert counts(job) == {"rejected": 2}
    assert (await refused(scope, job))[0]["import_reason"].endswith("If commas are decimal here, set decimalComma")


async def test_the_numbers_of_a_workbook_are_read_as_they_are(scope):
    await fields_of_every_type(scope)
    content = workbook([["email", "attributes.number"], ["a@x.org", "<c><v>12.5</v></c>"], ["b@x.org", "12,5"]])
    job = await imported(scope, content, "email", "attributes.number", decimal_comma=True)
    assert counts(job) == {"created": 2}
    assert [db.load_json(one) for (one,) in await everyone(scope, "attributes")] == [{"number": 12.5}] * 2


async def test_national_numbers_belong_to_the_country_that_is_given(scope):
    job = await imported(scope, "phone\n06 52 00 00 02\n+34600111222\n", country="fr")
    assert counts(job) == {"created": 2}
    assert await everyone(scope, "phone") == [("+33652000002",), ("+34600111222",)]


async def test_words_mean_the_consent_that_is_given(scope):
    job = await imported(
        scope,
        "email,whatsapp_consent\na@x.org,Yes\nb@x.org, NO \nc@x.org,opted in\nd@x.org,\ne@x.org,perhaps\n",
        consent_values={"yes": "OPTED_IN", "no": "OPTED_OUT"},
    )
    assert counts(job) == {"created": 4, "rejected": 1}
    assert await everyone(scope, "whatsapp_consent") == [("OPTED_IN",), ("OPTED_OUT",), ("OPTED_IN",), ("UNKNOWN",)]
    assert (await refused(scope, job))[0]["import_reason"] == (
        "'perhaps' is no consent: this must be one of UNKNOWN, OPTED_IN, OPTED_OUT, or a word of consentValues (no, yes)"
    )


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"date_format": "DD/MM"}, ("options", "dateFormat")),
        ({"date_format": "%d/%m/%Y"}, ("options", "dateFormat")),
        ({"country": "XX"}, ("options", "country")),
        ({"consent_values": {"yes": "SURE"}}, ("options", "consentValues", "yes")),
        ({"consent_values": {" ": "OPTED_IN"}}, ("options", "consentValues")),
        ({"consent_values": {"yes": "OPTED_IN", "YES": "OPTED_OUT"}}, ("options", "consentValues", "YES")),
        ({"consent_values": ["yes"]}, ("options", "consentValues")),
        ({"consent_values": {str(n): "OPTED_IN" for n in range(101)}}, ("options", "consentValues")),
    ],
)
async def test_a_wrong_option_is_refused_at_its_path(scope, options, path):
    with pytest.raises(Problems) as caught:
        await started(scope, "email\na@x.org\n", **options)
    assert [error.path for error in caught.value.errors] == [path]
