"""What the fields and arguments of explanations and trials are; see schema/server/types/descriptions.py."""

from typing import Final

DESCRIPTIONS: Final = {
    "Query.workflowExplain(workflowId:)": "The workflow.",
    "Query.workflowExplain(contactId:)": "The contact.",
    "WorkflowExplanation.enrollment": "Its newest way through the workflow; null when it never entered.",
    "WorkflowExplanation.mayEnter": "Whether it would be let in now.",
    "WorkflowExplanation.reasons": "What keeps it out, everything that does; else what would let it in.",
    "WorkflowExplanation.entryRule": "The entry rule with its truth for this contact; null when there is none.",
    "WorkflowExplanation.turnedAwayAt": "When it was last turned away; null when it never was.",
    "Query.workflowSimulate(graph:)": "The graph, which need not be saved.",
    "Query.workflowSimulate(contactId:)": "Who is to go through.",
    "Query.workflowSimulate(at:)": "When it enters; now when absent.",
    "Query.workflowSimulate(answers:)": 'What a WAIT_FOR, SEND or WEBHOOK meets: `{"ask": "timedOut"}`.',
    "WorkflowPath.end": "How it would end; null when it would stay at the last node, or go in a circle.",
    "WorkflowPath.endsAt": "When it would end.",
    "WorkflowPath.steps": "What it would do, at most 200 steps.",
    "WorkflowPathStep.nodeKey": "The node.",
    "WorkflowPathStep.at": "When it would leave the node.",
    "WorkflowPathStep.outcome": "By which way.",
    "WorkflowPathStep.text": "What the node does, in plain words.",
    "WorkflowPathStep.fidelity": "Whether the way is sure.",
    "Mutation.workflowTestStart(id:)": "The workflow, which has been published.",
    "Mutation.workflowTestStart(contactIds:)": "Who goes through it, at most 100; what it changes about them is really changed.",
    "Mutation.workflowTestStart(phone:)": "Where messages go; nowhere when absent.",
    "Mutation.workflowTestStart(at:)": "Where the clock begins; now when absent.",
    "Mutation.workflowTestAdvance(id:)": "The workflow.",
    "Mutation.workflowTestAdvance(to:)": "Where the clock is to stand.",
    "Fidelity.EXACT": "It is so.",
    "Fidelity.AS_OF_NOW": "It is judged by what is known now.",
}
