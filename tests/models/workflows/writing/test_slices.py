"""What neighbours have in common is sent once, and everybody is in it exactly once."""

from random import Random
from types import SimpleNamespace

import pytest

from models.workflows.writing.slices import slices_of


def everybody(slices):
    """What PostgreSQL makes of them: contact, way and id of each."""
    found = []
    for way, first_id, first, last in zip(slices.way, slices.first_id, slices.first, slices.last, strict=True):
        contacts = slices.contact_ids[first - 1 : last]
        found += [(contact_id, way, first_id + nth) for nth, contact_id in enumerate(contacts)]
    return found


def arrival(contact_id, id_):
    return SimpleNamespace(contact_id=contact_id, id=id_)


@pytest.mark.parametrize("seed", range(20))
def test_each_arrival_is_in_one_slice_with_its_way_and_id(seed):
    random = Random(seed)
    id_, arrivals, ways = 100, [], []
    for _ in range(random.randint(0, 60)):
        id_ += 1 if random.random() < 0.8 else random.randint(-3, 9)
        arrivals.append(arrival(random.randint(1, 1_000), id_))
        ways.append(ways[-1] if ways and random.random() < 0.7 else random.randint(0, 3))
    slices = slices_of(arrivals, ways)
    expected = [(one.contact_id, way, one.id) for one, way in zip(arrivals, ways, strict=True)]
    assert everybody(slices) == expected


def test_those_who_go_alike_are_one_slice():
    slices = slices_of([arrival(contact_id, 7 + contact_id) for contact_id in range(5)], [2] * 5)
    assert (slices.way, slices.first_id, slices.first, slices.last) == ([2], [7], [1], [5])


def test_nobody_is_no_slice():
    assert slices_of([], []).last == []
