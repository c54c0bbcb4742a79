"""Whatever one item of a webhook is, the others have their effect, and what could not be processed is kept."""

import json
from random import Random

from models import db
from models.messaging import channels, outcomes
from models.queue import failed_webhooks, inbox
from permissions.principal import Scope
from tests.kit import webhooks as made
from tests.kit.broadcasts import a_draft_to, a_sender, a_worker_context
from tests.kit.draws import with_seeds
from tests.kit.webhooks import Placed
from tests.models.messaging.claims import claim, sending, sent
from workers import webhooks

PEOPLE = 12


def wa_id(number: int) -> str:
    return f"3460{number:07}"


async def messages_to(scope: Scope) -> dict[str, int]:
    """Ids of messages that were sent to so many new contacts, by phone."""
    broadcast = await sending(scope, await a_draft_to(scope, PEOPLE))
    attempts = (await claim(scope, broadcast, grant=PEOPLE)).attempts
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    return {one.phone: one.id for one in attempts}


def item_of(number: int, message_id: int, random: Random) -> Placed:
    """An item about one person, of any kind."""
    them, unique = wa_id(number), f"wamid.in{number}"
    kinds = [
        Placed("messages", "messages", made.text(them, "STOP", unique)),
        Placed("messages", "messages", made.message(them, unique, "button", {"text": "Stop", "payload": "STOP"})),
        Placed("messages", "messages", made.message(them, unique, "reaction", {"message_id": "w", "emoji": "👍"})),
        Placed("messages", "messages", made.message(them, unique, "location", {"latitude": 1.5, "longitude": 2})),
        Placed("messages", "messages", made.system(them, f"3499{number:07}", unique)),
        Placed("messages", "statuses", made.status(message_id, "read")),
        Placed("user_preferences", "user_preferences", made.preference(them)),
        Placed("account_update", None, {"event": "PARTNER_ADDED", "phone_number": them}),
    ]
    return random.choice(kinds)


async def effect_of(scope: Scope, number: int, message_id: int) -> tuple[object, ...]:
    """What an item about this person can change."""
    contact = await db.fetch_row(
        """
        SELECT id, phone, whatsapp_consent, last_interaction_at IS NULL AS silent FROM contacts
        WHERE workspace_id = $1 AND name = $2
        """,
        scope.workspace_id,
        f"Person {number}",
    )
    assert contact is not None
    activities = await db.fetch(
        "SELECT kind, properties - 'broadcastId' FROM activities WHERE workspace_id = $1 AND contact_id = $2 ORDER BY kind",
        scope.workspace_id,
        contact["id"],
    )
    status = await db.fetch_value(
        "SELECT status FROM messages WHERE workspace_id = $1 AND id = $2", scope.workspace_id, message_id
    )
    return (*list(contact.values())[1:], status, *map(tuple, activities))


async def effects_of(redis_url: str, seed: int, spoil: int | None) -> tuple[dict[int, tuple[object, ...]], int | None]:
    """What one webhook about all people does, by person, in a new workspace; and the person whose item is spoiled."""
    random = Random(seed)
    scope = await a_sender()
    ids = await messages_to(scope)
    message_ids = {number: ids[f"+{wa_id(number)}"] for number in range(1, PEOPLE + 1)}
    numbers = random.sample(sorted(message_ids), PEOPLE)
    placed = [item_of(number, message_ids[number], random) for number in numbers]
    if spoil is not None:
        one = placed[spoil]
        placed[spoil] = Placed(one.field, one.list_name, made.spoiled(one.item, Random(seed * 1000 + spoil)))
    raw = json.dumps(made.together(placed, Random(seed))).encode()
    async with a_worker_context(redis_url) as context:
        await inbox.put([(scope.workspace_id, (await channels.get(scope)).id, raw)])
        await webhooks.process_webhooks(context, scope.workspace_id)
    assert await inbox.waiting() == []
    await channels.disconnect(scope)
    found = {number: await effect_of(scope, number, message_id) for number, message_id in message_ids.items()}
    return found, None if spoil is None else numbers[spoil]


@with_seeds(6)
async def test_whatever_one_item_is_the_others_have_their_effect(database: str, redis_url: str, seed: int):
    right, _ = await effects_of(redis_url, seed, None)
    assert await failed_webhooks.totals() == (0, 0)
    for spoil in Random(seed).sample(range(PEOPLE), 4):
        found, spoiled = await effects_of(redis_url, seed, spoil)
        different = {number for number in right if found[number] != right[number]}
        assert different <= {spoiled}, f"spoiling the item of {spoiled} changed what others did: {different}"
