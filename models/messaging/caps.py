"""The workspace's cap in SQL: what counts as a message to a person.

It is what was sent or may have been, over all sources of the ledger; not what failed, was skipped or waits.
"""


def reached_sql(phone_key: str, count: str, since: str) -> str:
    """SQL: whether the person has had all messages that the cap allows. The arguments are SQL; $1 is the workspace.

    The states are those of messages_person_idx.
    """
    return f"""(
        SELECT count(*) FROM messages counted
        WHERE counted.workspace_id = $1 AND muster_phone_key(counted.phone) = {phone_key} AND counted.due_at > {since}
          AND counted.status IN ('SENDING', 'SENT', 'DELIVERED', 'READ', 'UNCONFIRMED')) >= {count}"""  # noqa: S608
