"""E-mails, as they are stored."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from models.values.emails import normal_email

LOCAL = st.text("abzABZ019._%+-!'é ", min_size=1, max_size=12)


LABEL = st.text("abz019-A", min_size=1, max_size=8)


ADDRESS = st.builds(
    lambda local, labels, top: f"{local}@{'.'.join([*labels, top])}",
    LOCAL,
    st.lists(LABEL, min_size=1, max_size=3),
    st.sampled_from(["com", "org", "museum", "test", "localhost", "co1", "c", "xn--p1ai", "COM", "de"]),
)


@given(ADDRESS)
def test_the_quick_path_of_emails_agrees_with_the_library(address: str) -> None:
    try:
        expected = validate_email(address.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        with pytest.raises(Invalid):
            normal_email(address)
    else:
        assert normal_email(address) == expected


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (" Ana@Example.COM ", "ana@example.com"),
        ("a.b+c_d%e-f@sub.example.co.uk", "a.b+c_d%e-f@sub.example.co.uk"),
        ("JOSÉ@exämple.de", "josé@exämple.de"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    ],
)
def test_an_email_is_stored_in_lower_case(written: str, stored: str) -> None:
    assert normal_email(written) == stored
    assert normal_email(stored) == stored


@pytest.mark.parametrize(
    "wrong",
    [
        *("ana", "ana@", "@example.com", "ana@example", "a@b@example.com", "a..b@example.com", ".a@example.com"),
        *("a@-example.com", "a@example.test", "a b@example.com", "a@example.com\x00", ""),
        *("a@exa\nmple.com", 7, None, True),
    ],
)
def test_what_is_no_email_is_refused(wrong: object) -> None:
    with pytest.raises(Invalid):
        normal_email(wrong)
