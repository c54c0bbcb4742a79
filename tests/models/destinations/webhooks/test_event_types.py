"""Each event that can be subscribed to has a schema, which holds for its example and for what is really sent."""

from dataclasses import fields

import pytest
from jsonschema import Draft202012Validator

from models.changelog.events import PAYLOADS, EventType
from models.destinations.webhooks.event_types import EVENT_TYPES, OF_LOG, SUBSCRIBABLE
from models.values.global_ids import to_global_id


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_an_example_is_as_its_schema_says(name: str) -> None:
    one = EVENT_TYPES[name]
    Draft202012Validator.check_schema(one.schema)
    Draft202012Validator(one.schema).validate(one.example["data"])
    assert set(one.example) == {"type", "timestamp", "data"}
    assert one.example["type"] == name
    assert one.description.endswith(".")


def test_every_event_of_the_log_can_be_subscribed_to() -> None:
    assert {event_type.value for event_type in EventType} == OF_LOG
    assert OF_LOG < SUBSCRIBABLE


@pytest.mark.parametrize("event_type", EventType)
def test_a_payload_becomes_data_with_all_its_fields_and_outside_ids(event_type: EventType) -> None:
    kind, one = PAYLOADS[event_type], EVENT_TYPES[event_type.value]
    values = {"version": 3, "fields": ["name"], "kind": "TAG_CHANGE", "status": "FAILED"}
    payload = kind(
        **{
            field.name: values.get(field.name, 7 if field.type == "int" or field.type is int else "x")
            for field in fields(kind)
        }
    )
    data = one.data_of(payload)
    Draft202012Validator(one.schema).validate(data)
    assert {of.attribute for of in one.fields} == {field.name for field in fields(kind)}
    if event_type is EventType.JOB_FINISHED:
        assert data["jobId"] == to_global_id("TagChangeJob", 7)
    assert one.segment_of(payload) == (7 if "segment" in event_type.value else None)
