"""What changed of a contact, written as a word and read again."""

import pytest

from models.rules.contact_changes import (
    CREATED,
    DELETED,
    ChangeOf,
    Reading,
    activity_changed,
    concerns_every_rule,
    field_changed,
    may_be_deleted,
    membership_changed,
    read,
    rule_to_evaluate,
    tag_added,
    tag_removed,
    threshold_crossed,
    zone_before,
    zone_left,
)

EACH = [
    (CREATED, "*", Reading(ChangeOf.CREATION)),
    (DELETED, "-", Reading(ChangeOf.DELETION)),
    (field_changed("email"), "email", Reading(ChangeOf.FIELD, "email")),
    (field_changed("attributes.city"), "attributes.city", Reading(ChangeOf.FIELD, "attributes.city")),
    (tag_added("vip"), "tag+:vip", Reading(ChangeOf.TAG_ADDED, "vip")),
    (tag_removed("vip"), "tag-:vip", Reading(ChangeOf.TAG_REMOVED, "vip")),
    (zone_left("Asia/Tokyo"), "timezone-:Asia/Tokyo", Reading(ChangeOf.ZONE_LEFT, "Asia/Tokyo")),
    (activity_changed("purchase"), "activity:purchase", Reading(ChangeOf.ACTIVITY, "purchase")),
    (activity_changed("rule:7"), "activity:rule:7", Reading(ChangeOf.ACTIVITY, "rule:7")),
    (membership_changed(7), "segment:7", Reading(ChangeOf.MEMBERSHIP, 7)),
    (rule_to_evaluate(7), "rule:7", Reading(ChangeOf.RULE, 7)),
    (threshold_crossed(7), "time:7", Reading(ChangeOf.THRESHOLD, 7)),
]


@pytest.mark.parametrize(("change", "text", "reading"), EACH)
def test_a_change_is_stored_as_a_text_that_is_read_back(change, text, reading):
    assert change == text
    assert read(change) == reading


def test_there_is_a_word_for_everything_that_can_change():
    assert {reading.of for _, _, reading in EACH} == set(ChangeOf)


def test_a_segment_is_read_from_its_id_only():
    with pytest.raises(ValueError, match="seven"):
        read("segment:seven")


def test_only_creation_and_deletion_concern_every_rule():
    assert [change for change, _, _ in EACH if concerns_every_rule({change})] == [CREATED, DELETED]


def test_a_contact_that_entered_a_segment_may_be_deleted():
    assert [change for change, _, _ in EACH if may_be_deleted({change})] == [DELETED, membership_changed(7)]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", None])
def test_the_zone_that_a_contact_left_is_read_from_its_words(zone):
    assert zone_before((field_changed("timezone"), zone_left(zone))) == (zone,)
    assert zone_before((field_changed("timezone"),)) is None
