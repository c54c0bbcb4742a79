"""What the fields, arguments and enum values of memberships are; see schema/server/types/descriptions.py."""

from typing import Final

DESCRIPTIONS: Final = {
    "Query.membershipChanges(after:)": "The changes after this cursor; from the beginning of what is kept when absent.",
    "Query.membershipChanges(fromNow:)": "True: what happens from now on; the cursor is what a subscription begins after.",
    "Query.membershipChanges(segmentIds:)": "Only changes of these segments; of all when absent.",
    "Subscription.membershipChanges(segmentIds:)": "Only changes of these segments; of all when absent.",
    "Subscription.membershipChanges(after:)": "First what happened after this cursor; only what happens from now on when absent.",
    "MembershipChange.kind": "Whether the contact entered or left.",
    "MembershipChange.origin": "What caused it.",
    "MembershipChange.at": "When it happened.",
    "MembershipChange.segmentId": "The segment's id.",
    "MembershipChange.contactId": "The contact's id.",
    "MembershipChange.segment": "The segment; null when it is deleted.",
    "MembershipChange.contact": "The contact; null when it is deleted.",
    "MembershipChangePage.changes": "The changes, in commit order.",
    "MembershipChangePage.hasMore": "Whether more changes follow now.",
    "MembershipChangeKind.ENTERED": "The contact entered the segment.",
    "MembershipChangeKind.LEFT": "The contact left the segment.",
    "MembershipOrigin.MANUAL": "A member of the workspace did it.",
    "MembershipOrigin.IMPORT": "An import did it.",
    "MembershipOrigin.WORKFLOW": "A workflow did it.",
    "MembershipOrigin.RULE": "The segment's rule did it.",
    "MembershipOrigin.API": "An API token did it.",
    "MembershipOverride.INCLUDE": "The contact is in, whatever the rule says.",
    "MembershipOverride.EXCLUDE": "The contact is out, whatever the rule says.",
}
