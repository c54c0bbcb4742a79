import { graphql } from "relay-runtime";

/** What every place says of a job: its name, how it stands, how far it is. */
export const JOB = graphql`
  fragment jobFragment_job on Job {
    __typename
    id
    kind
    status
    done
    total
    error
    createdAt
    startedAt
    finishedAt
    ... on ImportJob {
      filename
      dryRun
      undoneAt
    }
    ... on ExportJob {
      format
      exported: segment @include(if: $maySegments) {
        id
        name
      }
    }
    ... on RecomputeJob {
      computed: segment @include(if: $maySegments) {
        id
        name
      }
    }
    ... on SegmentContactsJob {
      changed
      edited: segment @include(if: $maySegments) {
        id
        name
      }
    }
    ... on TagChangeJob {
      tag
      to
    }
    ... on AudienceJob {
      audience @include(if: $maySegments) {
        id
        name
      }
    }
    ... on WorkflowContactsJob {
      changed
      workflow @include(if: $mayWorkflows) {
        id
        name
      }
    }
    ... on WorkflowBacktestJob {
      wouldEnter
    }
  }
`;

/** Follows one job until it ends; also after an import that is undone begins again. */
export const FOLLOW = graphql`
  subscription jobFragmentFollowSubscription($id: ID!, $maySegments: Boolean!, $mayWorkflows: Boolean!, $mayImport: Boolean!) {
    jobProgress(id: $id) {
      ...jobFragment_job
      ...importResult_job @alias(as: "asImport")
      ...exportResult_job @alias(as: "asExport")
    }
  }
`;
