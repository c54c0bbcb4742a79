"""The GraphQL documents of the commands. A test checks each of them against the schema."""

from typing import Final

_ERRORS: Final = "userErrors { message field }"

_JOB: Final = """
fragment JobFields on Job {
  id kind status done total error createdAt startedAt finishedAt
  ... on ImportJob { filename dryRun created updated unchanged skipped rejected }
  ... on ExportJob { format }
  ... on SegmentContactsJob { changed }
}
"""

_BROADCAST: Final = """
fragment BroadcastFields on Broadcast {
  id name status reason scheduledAt startedAt finishedAt
  counts { pending sending sent delivered read failed skipped unconfirmed }
}
"""

JOB: Final = f"query ($id: ID!) {{ job(id: $id) {{ ...JobFields }} }} {_JOB}"

JOBS: Final = f"""
query ($first: Int!, $kind: JobKind, $status: JobStatus) {{
  jobs(first: $first, kind: $kind, status: $status) {{ nodes {{ ...JobFields }} }}
}} {_JOB}
"""

JOB_FILE: Final = """
query ($id: ID!) { job(id: $id) { kind ... on ImportJob { rejectedRowsUrl } ... on ExportJob { url } } }
"""

JOB_CANCEL: Final = f"mutation ($id: ID!) {{ jobCancel(id: $id) {{ job {{ ...JobFields }} {_ERRORS} }} }} {_JOB}"

UPLOAD: Final = f"""
mutation ($filename: String!, $bytes: BigInt) {{
  stagedUploadCreate(filename: $filename, bytes: $bytes) {{ stagedUpload {{ id url }} {_ERRORS} }}
}}
"""

SUGGESTIONS: Final = """
query (
  $upload: ID!, $hasHeader: Boolean!, $delimiter: String, $encoding: String, $headerRow: Int, $sheet: String
) {
  importColumnSuggestions(
    uploadId: $upload, hasHeader: $hasHeader, delimiter: $delimiter, encoding: $encoding, headerRow: $headerRow, sheet: $sheet
  ) {
    headerRow
    columns { column field samples confidence }
    options { option value reason }
  }
}
"""

MAPPINGS: Final = "{ importMappings { name options } }"

MAPPING_SAVE: Final = f"""
mutation ($name: String!, $options: ImportOptionsInput!) {{
  importMappingSave(input: {{name: $name, options: $options}}) {{ mapping {{ id }} {_ERRORS} }}
}}
"""

IMPORT: Final = f"""
mutation ($upload: ID!, $options: ImportOptionsInput!) {{
  importStart(input: {{upload: {{uploadId: $upload, options: $options}}}}) {{ job {{ ...JobFields }} {_ERRORS} }}
}} {_JOB}
"""

EXPORT: Final = f"""
mutation ($input: ExportStartInput!) {{ exportStart(input: $input) {{ job {{ ...JobFields }} {_ERRORS} }} }} {_JOB}
"""

RECOMPUTE: Final = f"""
mutation ($id: ID!) {{ segmentRecompute(id: $id) {{ job {{ ...JobFields }} {_ERRORS} }} }} {_JOB}
"""

SEGMENT: Final = "query ($id: ID!) { segment(id: $id) { id name } }"

SEGMENTS: Final = """
query ($name: String!, $after: String) {
  segments(first: 100, after: $after, search: $name) { nodes { id name } pageInfo { hasNextPage endCursor } }
}
"""

SEGMENTS_AS_TEXT: Final = """
query ($after: String) {
  segments(first: 100, after: $after) {
    nodes { id name kind description ruleQuery version } pageInfo { hasNextPage endCursor }
  }
}
"""

RULE_FROM_QUERY: Final = """
query ($query: String!) {
  ruleFromQuery(query: $query) { rule query errors { code message start end line column replacement } }
}
"""

SEGMENT_CREATE: Final = f"""
mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{ segment {{ id }} {_ERRORS} }} }}
"""

SEGMENT_UPDATE: Final = f"""
mutation ($id: ID!, $input: SegmentUpdateInput!) {{
  segmentUpdate(id: $id, input: $input) {{ segment {{ id }} {_ERRORS} }}
}}
"""

SEGMENT_DELETE: Final = f"mutation ($id: ID!) {{ segmentDelete(id: $id) {{ deletedId {_ERRORS} }} }}"

BROADCAST: Final = f"query ($id: ID!) {{ broadcast(id: $id) {{ ...BroadcastFields }} }} {_BROADCAST}"

BROADCASTS: Final = f"""
query ($first: Int!, $after: String) {{
  broadcasts(first: $first, after: $after) {{ nodes {{ ...BroadcastFields }} pageInfo {{ hasNextPage endCursor }} }}
}} {_BROADCAST}
"""

BROADCAST_START: Final = f"""
mutation ($id: ID!, $at: DateTime) {{
  broadcastSchedule(id: $id, at: $at) {{ broadcast {{ ...BroadcastFields }} {_ERRORS} }}
}} {_BROADCAST}
"""

BROADCAST_PAUSE: Final = f"""
mutation ($id: ID!) {{ broadcastPause(id: $id) {{ broadcast {{ ...BroadcastFields }} {_ERRORS} }} }} {_BROADCAST}
"""

BROADCAST_RESUME: Final = f"""
mutation ($id: ID!) {{ broadcastResume(id: $id) {{ broadcast {{ ...BroadcastFields }} {_ERRORS} }} }} {_BROADCAST}
"""

_WORKFLOW: Final = """
fragment WorkflowFields on Workflow {
  id name status reason lagSeconds
  counts { entered inside waiting held failed ended goal }
}
"""

WORKFLOWS: Final = (
    f"query ($first: Int!) {{ workflows(first: $first) {{ nodes {{ ...WorkflowFields }} }} }} {_WORKFLOW}"
)

WORKFLOW_NAMES: Final = """
query ($name: String!, $after: String) {
  workflows(first: 100, after: $after, search: $name) { nodes { id name } pageInfo { hasNextPage endCursor } }
}
"""

WORKFLOW: Final = f"""
query ($id: ID!) {{
  workflow(id: $id) {{
    ...WorkflowFields
    nodeStats {{ nodeKey label entered inside nextWakeAt medianStaySeconds outcomes {{ outcome count }} }}
  }}
}} {_WORKFLOW}
"""

WORKFLOW_GRAPH: Final = "query ($id: ID!) { workflow(id: $id) { id name draft published { graph } } }"

WORKFLOW_PAUSE: Final = f"""
mutation ($id: ID!) {{ workflowPause(id: $id) {{ workflow {{ ...WorkflowFields }} {_ERRORS} }} }} {_WORKFLOW}
"""

WORKFLOW_RESUME: Final = f"""
mutation ($id: ID!, $late: LatePolicy!) {{
  workflowResume(id: $id, late: $late) {{ workflow {{ ...WorkflowFields }} {_ERRORS} }}
}} {_WORKFLOW}
"""

WORKFLOW_SIMULATE: Final = """
query ($graph: WorkflowGraphInput!, $contact: ID!, $at: DateTime, $answers: JSON) {
  workflowSimulate(graph: $graph, contactId: $contact, at: $at, answers: $answers) {
    end endsAt steps { nodeKey at outcome text fidelity }
  }
}
"""

CONTACT: Final = """
query ($id: ID, $externalId: String, $email: String, $phone: String) {
  contact(id: $id, externalId: $externalId, email: $email, phone: $phone) { id }
}
"""
