"""Problems of SEND nodes."""

from collections.abc import AsyncIterator

from models.db.tables.broadcasts import MessageTemplate
from models.errors import DomainError, NotAllowedInState, Problems
from models.messaging import channels, placeholders, rendering, templates
from models.messaging.rendering import Binding
from models.workflows.graph.actions import Send
from models.workflows.graph.mentions import templates_named
from models.workflows.graph.tree import Graph
from models.workflows.problems.problem import Problem, ProblemCode
from permissions.principal import Scope


async def message_problems(scope: Scope, graph: Graph) -> AsyncIterator[Problem]:
    named = templates_named(graph)
    if not named:
        return
    channel = await channels.find(scope)
    if channel is None:
        message = "no WhatsApp number is connected: messages wait until one is"
        yield Problem(ProblemCode.NO_CHANNEL, message)
    known = {template.id: template for template in await templates.by_ids(scope, list(named))}
    for node in graph.nodes.values():
        if isinstance(node.do, Send):
            template = known.get(node.do.template_id)
            if template is None or (channel and template.business_account_id != channel.business_account_id):
                message = "there is no such template of the connected number: sync the templates and choose one"
                yield Problem(ProblemCode.TEMPLATE_GONE, message, node.key)
            else:
                async for problem in _of_template(scope, template, node.do, node.key):
                    yield problem


async def _of_template(scope: Scope, template: MessageTemplate, send: Send, node_key: str) -> AsyncIterator[Problem]:
    if template.gone_at is not None:
        message = f"WhatsApp no longer has the template {template.name}: choose another"
        yield Problem(ProblemCode.TEMPLATE_GONE, message, node_key)
        return
    if template.unsupported:
        message = f"the template has {template.unsupported}, which cannot be filled: choose another"
        yield Problem(ProblemCode.TEMPLATE_NOT_SENDABLE, message, node_key)
        return
    try:
        templates.must_be_sendable(template)
    except NotAllowedInState as error:
        yield Problem(ProblemCode.TEMPLATE_NOT_SENDABLE, error.message, node_key)
    bindings = [Binding(one.name, one.field, one.text, one.fallback) for one in send.parameters]
    try:
        await rendering.check(scope, placeholders.from_json(template.slots), bindings, ())
    except Problems as problems:
        for wrong in problems.errors:
            yield Problem(ProblemCode.PARAMETERS, _at(wrong), node_key)


def _at(error: DomainError) -> str:
    return f"parameters.{'.'.join(error.path)}: {error.message}" if error.path else error.message
