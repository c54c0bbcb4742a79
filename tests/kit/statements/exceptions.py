"""What may break a rule, and why."""

from typing import Final

ALL_WORKSPACES: Final[dict[str, str]] = {
    "models/accounts/moving_in.py": "operators see all workspaces",
    "models/accounts/sign_in_emails.py": "finds new members",
    "models/broadcasts/progress.py": "watchers of many workspaces look together",
    "models/broadcasts/starting.py": "finds broadcasts to start and to prepare",
    "models/changelog/readers.py": "finds readers that are behind",
    "models/changelog/retention.py": "goes through the workspaces, one after another",
    "models/contacts/fields.py": "finds deleted fields whose values are left",
    "models/contacts/find.py": "watchers of many workspaces look together",
    "models/contacts/old_activities.py": "goes through the workspaces, one after another",
    "models/contacts/person_consent.py": "finds what people said lately",
    "models/contacts/twins.py": "finds twins that may be released",
    "models/contacts/unused_tags.py": "finds tags to look at",
    "models/db/distinct.py": "finds workspaces that have rows in a table",
    "models/db/rounds.py": "walks over all workspaces, so many at a time",
    "models/destinations/audiences/connections.py": "finds ad accounts to check",
    "models/destinations/audiences/progress.py": "watchers of many workspaces look together",
    "models/destinations/audiences/runs.py": "finds audiences with something to do",
    "models/destinations/webhooks/dispatch.py": "finds endpoints with something to send, and old deliveries",
    "models/destinations/webhooks/progress.py": "watchers of many workspaces look together",
    "models/identity/duplicate_searches.py": "finds searches to make",
    "models/identity/snapshots.py": "finds merges that can no longer be undone",
    "models/membership/audit.py": "finds the workspace to compare next",
    "models/membership/backfill.py": "finds backfills to go on with",
    "models/membership/builds.py": "finds segments to build",
    "models/membership/engine_lock.py": "finds workspaces in which a tick is due",
    "models/messaging/channel_progress.py": "watchers of many workspaces look together",
    "models/messaging/channels.py": "a number belongs to one workspace, and a provider's call names only the number",
    "models/messaging/quota.py": "finds what is counted no longer",
    "models/messaging/sources.py": "finds sources with messages left",
    "models/personal_data/erasures.py": "finds erasures that are not finished",
    "models/queue/backlog.py": "metrics",
    "models/queue/failed_webhooks.py": "metrics",
    "models/queue/inbox.py": "finds webhooks to process",
    "models/queue/jobs.py": "watchers of many workspaces look together",
    "models/queue/old_jobs.py": "goes through the workspaces, one after another",
    "models/queue/old_webhooks.py": "goes through the workspaces, one after another",
    "models/queue/requests.py": "finds requests to take, and old ones",
    "models/queue/running_jobs.py": "finds jobs to take",
    "models/score_models/build.py": "finds scores to build, and builds to drop",
    "models/segments/analytics.py": "finds workspaces whose days are to be written",
    "models/segments/purge.py": "finds segments that can no longer be restored",
    "models/tracking/rejections.py": "finds old rejections",
    "models/transfers/cleanup.py": "finds what imports and exports no longer need",
    "models/workflows/engine_lock.py": "finds workspaces in which something is due",
    "models/workflows/insight/audit.py": "finds the workflow to look at next",
    "models/workflows/insight/old_enrollments.py": "goes through the workspaces, one after another",
    "models/workflows/insight/progress.py": "watchers of many workspaces look together",
    "models/workflows/lifecycle/activation.py": "finds workflows to activate",
    "models/workflows/lifecycle/retire.py": "finds workflows to retire",
    "models/workflows/pausing.py": "finds workflows to pause",
    "muster/database.py": "whether there is any workspace",
}
"""Files with plain reads of all workspaces, and what they look for."""

NOT_YET: Final[frozenset[str]] = frozenset()
"""Files whose statements do not keep the rules yet. The list can only become shorter."""

FUNCTIONS: Final[dict[str, str]] = {
    "muster_capture_truncate": "TRUNCATE is for one server: it marks the rows of all workspaces",
}
"""Functions and triggers of the schema."""
