"""A broadcast that has finished stays so."""

from models.broadcasts.states import FINISHED, BroadcastStatus


def test_finished_broadcasts_are_those_that_nothing_can_continue():
    unfinished = {"DRAFT", "SCHEDULED", "PREPARING", "SENDING", "PAUSED"}
    assert {status.value for status in BroadcastStatus} - {status.value for status in FINISHED} == unfinished
