"""What the fields, arguments and enum values of jobs are; see schema/server/types/descriptions.py."""

from typing import Final

DESCRIPTIONS: Final = {
    "Query.job": "One job; null when there is none.",
    "Query.job(id:)": "Its id.",
    "Query.jobs(kind:)": "Only jobs of this kind.",
    "Query.jobs(status:)": "Only jobs in this state.",
    "Mutation.jobCancel(id:)": "The job.",
    "Subscription.jobProgress(id:)": "The job.",
    "Job.kind": "What it does.",
    "Job.status": "How it stands.",
    "Job.total": "Units in all; null until that is known.",
    "Job.error": "Why it failed; null when it did not.",
    "Job.startedAt": "When a worker began with it; null before.",
    "Job.finishedAt": "When it ended; null before.",
    "JobKind.IMPORT": "Creates and updates contacts from a file.",
    "JobKind.EXPORT": "Writes contacts to a file.",
    "JobKind.RECOMPUTE": "Computes the members of a segment from the beginning.",
    "JobKind.SEGMENT_CONTACTS": "Adds many contacts to a static segment, or takes them out.",
    "JobKind.AUDIENCE": "Brings an advertising audience up to date.",
    "JobKind.TAG_CHANGE": "Renames or deletes a tag everywhere.",
    "JobKind.WORKFLOW_CONTACTS": "Lets many contacts into a workflow, takes them out, or moves them in it.",
    "JobStatus.QUEUED": "It waits for a worker.",
    "JobStatus.RUNNING": "A worker does it.",
    "JobStatus.PAUSED": "It goes on later.",
    "JobStatus.SUCCEEDED": "It is done.",
    "JobStatus.FAILED": "It could not be done; `error` says why.",
    "JobStatus.CANCELLED": "It was cancelled; what was done up to then stays done.",
}
