"""The exports of well-known programs are understood: their headers, with invented people in them."""

import csv
import io
from typing import Any

import pytest

from models.contacts.built_in_fields import COLUMNS
from models.transfers.imports import start
from models.transfers.imports.mapping import BadCell, Column, Options
from models.transfers.imports.suggestions import suggestions
from tests.kit.transfers import counts, everyone, finished, sent
from tests.kit.workspaces import new_workspace

PARTS = {"First Name": "first_name", "Last Name": "last_name"}

MAILCHIMP = """\
Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,\
LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS
ana@example.com,Ana,García,,+34 600 111 222,02/28,2,"2024-01-15 10:30:00",192.0.2.1,"2024-01-15 10:31:00",192.0.2.1,\
40.4168,-3.7038,1,2,Europe/Madrid,es,md,"2024-02-01 09:00:00",1,a1b2c3,,"\"\"VIP\"\",\"\"Paris, 11e\"\""
bea@example.com,Bea,López,,+34 600 111 223,12/31,3,"2024-01-16 10:30:00",192.0.2.2,"2024-01-16 10:31:00",192.0.2.2,\
40.4168,-3.7038,1,2,Europe/Madrid,es,md,"2024-02-01 09:00:00",2,a1b2c4,,"\"\"VIP\"\",\"\"Blog\"\""
"""

HUBSPOT = """\
Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Last Activity Date,Lead Status,Marketing contact status,\
Create Date,Primary Company,Date of birth,Preferred channels
151,Ana,García,ana@example.com,600 111 222,Eva,2024-05-01 14:30,New,Marketing contact,2024-01-15 10:30,Acme,1990-02-28,Email;Chat
152,Bea,López,bea@example.com,600 111 223,Eva,2024-05-02 14:30,Open,Marketing contact,2024-01-16 10:30,Acme,1991-03-01,Chat
"""

SHOPIFY = """\
Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,\
Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,Default Address Zip,\
Default Address Phone,Phone,Accepts SMS Marketing,Accepts WhatsApp Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags
'9980300000001,Ana,Gómez,ana@example.com,yes,,Calle 1,,Bogotá,DC,CO,110111,'+573158170001,'+573158170001,no,yes,\
120.50,3,,no,"vip, bogota"
'9980300000002,Bea,Ruiz,bea@example.com,no,,Calle 2,,Bogotá,DC,CO,110111,,'+573158170002,no,no,0.00,0,,no,"vip, new"
"""

GOOGLE = """\
First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,Name Suffix,Nickname,\
File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - Label,\
E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value
Ana,,García,,,,,,,,,,,1990-02-28,,,* myContacts ::: Friends,* ,ana@example.com,Mobile,+34 600 111 222
Bea,,López,,,,,,,,,,,,,,* myContacts,* ,bea@example.com,Mobile,+34 600 111 223
"""

OLD_GOOGLE = """\
Name,Given Name,Additional Name,Family Name,Birthday,Gender,Notes,Group Membership,E-mail 1 - Type,E-mail 1 - Value,\
Phone 1 - Type,Phone 1 - Value
Ana García,Ana,,García,1990-02-28,,,* myContacts ::: Suppliers,* Work,ana@example.com,Mobile,+34 600 111 222
"""

OUTLOOK = """\
First Name,Middle Name,Last Name,Title,Suffix,Nickname,Given Yomi,Surname Yomi,E-mail Address,E-mail 2 Address,\
E-mail 3 Address,Home Phone,Home Phone 2,Business Phone,Business Phone 2,Mobile Phone,Car Phone,Other Phone,Primary Phone,\
Pager,Business Fax,Home Fax,Other Fax,Company,Job Title,Department,Birthday,Anniversary,Categories,Notes
Ana,,García,,,,,,ana@example.com,,,,,91 123 45 67,,600 111 222,,,,,,,,Acme,,,28/02/1990,0/0/00,Customers;VIP,
Bea,,López,,,,,,bea@example.com,,,,,91 123 45 68,,600 111 223,,,,,,,,Acme,,,0/0/00,0/0/00,Customers;New,
"""

KLAVIYO = """\
Email,Klaviyo ID,First Name,Last Name,Phone Number,Title,Organization,Address,Address 2,City,State / Region,Country,Zip Code,\
Latitude,Longitude,Source,IP Address,First Active,Last Active,Date Added,Email Marketing Consent,\
Email Marketing Consent Timestamp,SMS Marketing Consent
ana@example.com,01ABC,Ana,García,+34600111222,,,,,Madrid,,Spain,28001,40.4,-3.7,,192.0.2.1,2024-01-15 10:30:00+00:00,\
2024-05-01 14:30:00+00:00,2024-01-15 10:30:00+00:00,SUBSCRIBED,2024-01-15 10:30:00+00:00,NEVER_SUBSCRIBED
"""

ACTIVECAMPAIGN = """\
Contact ID,Email,First Name,Last Name,Phone,Account Name,Date Created,Last Activity Date,IP Address,Tags
17,ana@example.com,Ana,García,600 111 222,Acme,01/15/2024 10:30,05/01/2024 14:30,192.0.2.1,"customer, vip"
18,bea@example.com,Bea,López,600 111 223,Acme,01/16/2024 10:30,05/31/2024 14:30,192.0.2.2,"customer, new"
"""

WATI = """\
Name,CountryCode,Phone,AllowBroadcast,AllowSMS
Asha Rao,91,9876543210,TRUE,TRUE
Ravi Nair,91,7032084215,FALSE,TRUE
"""

ZOHO = """\
Record Id,Contact Owner,First Name,Last Name,Full Name,Account Name,Email,Phone,Mobile,Date of Birth,Created Time,\
Last Activity Time,Email Opt Out,Tag
zcrm_3152079000000153079,Eva,Ana,García,Ana García,Acme,ana@example.com,91 123 45 67,600 111 222,1990-02-28,\
2024-01-15 10:30:00,2024-05-01 14:30:00,false,"vip,new"
"""


def understood(content: str, country: str | None = "ES") -> tuple[dict[str, str], dict[str, Any]]:
    """The field of each column that has one, and the options."""
    header, *rows = csv.reader(io.StringIO(content))
    found = suggestions(header, len(header), rows, {}, country)
    fields = {one.column: one.field for one in found.columns if one.field is not None}
    return fields, {one.option: one.value for one in found.options}


@pytest.mark.parametrize(
    ("content", "country", "fields", "options"),
    [
        # Its birthdays have no year.
        (MAILCHIMP, "ES", {**PARTS, "Email Address": "email", "Phone Number": "phone",
                           "OPTIN_TIME": "subscribed_at", "TIMEZONE": "timezone", "TAGS": "tags"}, {"listSeparator": ","}),
        (HUBSPOT, "ES", {**PARTS, "Record ID": "external_id", "Email": "email", "Phone Number": "phone",
                         "Date of birth": "date_of_birth", "Last Activity Date": "last_interaction_at"}, {}),
        (SHOPIFY, "CO", {**PARTS, "Customer ID": "external_id", "Email": "email", "Phone": "phone", "Tags": "tags",
                         "Accepts WhatsApp Marketing": "whatsapp_consent"},
         {"listSeparator": ",", "consentValues": {"yes": "OPTED_IN", "no": "OPTED_OUT"}}),
        (GOOGLE, "ES", {**PARTS, "Birthday": "date_of_birth", "Labels": "tags", "E-mail 1 - Value": "email",
                        "Phone 1 - Value": "phone"}, {"listSeparator": ":"}),
        (OLD_GOOGLE, "ES", {"Name": "name", "Given Name": "first_name", "Family Name": "last_name",
                            "Birthday": "date_of_birth", "Group Membership": "tags", "E-mail 1 - Value": "email",
                            "Phone 1 - Value": "phone"}, {"listSeparator": ":"}),
        (OUTLOOK, "ES", {**PARTS, "E-mail Address": "email", "Mobile Phone": "phone", "Birthday": "date_of_birth",
                         "Categories": "tags"}, {"dateFormat": "DD/MM/YYYY"}),
        (KLAVIYO, "ES", {**PARTS, "Email": "email", "Klaviyo ID": "external_id", "Phone Number": "phone",
                         "Last Active": "last_interaction_at"}, {}),
        (ACTIVECAMPAIGN, "ES", {**PARTS, "Contact ID": "external_id", "Email": "email", "Phone": "phone", "Tags": "tags",
                                "Last Activity Date": "last_interaction_at"},
         {"listSeparator": ",", "dateFormat": "MM/DD/YYYY"}),
        (WATI, "ES", {"Name": "name", "Phone": "phone", "AllowBroadcast": "whatsapp_consent"},
         {"country": "IN", "consentValues": {"true": "OPTED_IN", "false": "OPTED_OUT"}}),
        (ZOHO, "ES", {**PARTS, "Full Name": "name", "Record Id": "external_id", "Email": "email", "Mobile": "phone",
                      "Date of Birth": "date_of_birth", "Last Activity Time": "last_interaction_at", "Tag": "tags"},
         {"listSeparator": ","}),
    ],
    ids=["Mailchimp", "HubSpot", "Shopify", "Google", "old Google", "Outlook", "Klaviyo", "ActiveCampaign", "WATI", "Zoho"],
)  # fmt: skip
def test_an_export_is_understood(content, country, fields, options):
    expected = {column: field for column, field in fields.items() if field in COLUMNS}
    assert understood(content, country) == (expected, options)


IMPORTED = {
    "Mailchimp": (MAILCHIMP, [
        ("ana@example.com", "+34600111222", "Ana García", None, ["VIP", "Paris, 11e"], "UNKNOWN"),
        ("bea@example.com", "+34600111223", "Bea López", None, ["VIP", "Blog"], "UNKNOWN"),
    ]),
    "HubSpot": (HUBSPOT, [
        ("ana@example.com", "+34600111222", "Ana García", "151", [], "UNKNOWN"),
        ("bea@example.com", "+34600111223", "Bea López", "152", [], "UNKNOWN"),
    ]),
    "Shopify": (SHOPIFY, [
        ("ana@example.com", "+573158170001", "Ana Gómez", "9980300000001", ["vip", "bogota"], "OPTED_IN"),
        ("bea@example.com", "+573158170002", "Bea Ruiz", "9980300000002", ["vip", "new"], "OPTED_OUT"),
    ]),
    "Google": (GOOGLE, [
        ("ana@example.com", "+34600111222", "Ana García", None, ["* myContacts", "Friends"], "UNKNOWN"),
        ("bea@example.com", "+34600111223", "Bea López", None, ["* myContacts"], "UNKNOWN"),
    ]),
    "Outlook": (OUTLOOK, [
        ("ana@example.com", "+34600111222", "Ana García", None, ["Customers", "VIP"], "UNKNOWN"),
        ("bea@example.com", "+34600111223", "Bea López", None, ["Customers", "New"], "UNKNOWN"),
    ]),
    "Klaviyo": (KLAVIYO, [("ana@example.com", "+34600111222", "Ana García", "01ABC", [], "UNKNOWN")]),
    "WATI": (WATI, [
        (None, "+919876543210", "Asha Rao", None, [], "OPTED_IN"),
        (None, "+917032084215", "Ravi Nair", None, [], "OPTED_OUT"),
    ]),
    "Zoho": (ZOHO, [("ana@example.com", "+34600111222", "Ana García", "zcrm_3152079000000153079", ["vip", "new"], "UNKNOWN")]),
}  # fmt: skip
"""The people of each, as they are stored."""


@pytest.mark.parametrize(("content", "people"), IMPORTED.values(), ids=IMPORTED)
async def test_an_export_is_imported_as_it_was_understood(database, content, people):
    scope = await new_workspace()
    fields, options = understood(content)
    columns = tuple(Column(name, field, on_bad_cell=BadCell.LEAVE_OUT) for name, field in fields.items())
    names = {"listSeparator": "list_separator", "consentValues": "consent_values", "dateFormat": "date_format"}
    chosen = {names.get(option, option): value for option, value in options.items()}
    job = await start.from_upload(scope, await sent(scope, content), Options(columns, **chosen))
    assert counts(await finished(scope, job)).get("created") == len(people)
    stored = ("email", "phone", "name", "external_id", "tags", "whatsapp_consent")
    assert await everyone(scope, *stored) == people
