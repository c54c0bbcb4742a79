"""What an operation is called in the log, and the status of one that is refused."""

import pytest

from schema.server.context import Context
from schema.server.execution.documents import Documents
from schema.server.graphql_request import Caller, GraphQLRequest, OperationRun, refused
from tests.kit.toys import toy_schema


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("BAD_REQUEST", 400),
        ("UNAUTHENTICATED", 401),
        ("FORBIDDEN", 403),
        ("THROTTLED", 429),
        ("INTERNAL", 500),
        ("?", 400),
    ],
)
def test_the_first_error_gives_the_status(code: str, status: int) -> None:
    errors = [{"message": "m", "extensions": {"code": code}}, {"message": "n", "extensions": {"code": "FORBIDDEN"}}]
    answer = refused(errors)
    assert (answer.status, answer.payload) == (status, {"errors": errors})


def test_a_throttled_answer_says_when_to_try_again() -> None:
    assert refused([{"extensions": {"code": "THROTTLED", "retryAfterSeconds": 2.5}}]).retry_after_seconds == 2.5


def test_an_operation_has_a_label_once_its_document_is_known() -> None:
    run = OperationRun(GraphQLRequest("{ who }"), Caller("a-request"), Context(None, "a-request"), 0.0)
    assert run.type_and_label == ("none", None)
    run.operation = Documents(toy_schema()).get("{ who dear }").operation(None)
    assert run.type_and_label == ("query", "who,dear")
