import type { needs_query$data } from "../../__generated__/needs_query.graphql";
import type { Catalogue } from "../../texts/en";
import { titleOf } from "../transfers/job_words";

export type Need = {
  key: string;
  /** What is wrong, before the name. */
  what: string;
  name: string;
  reason: string | null;
  path: string;
  /** Something failed, rather than waits. */
  isBroken: boolean;
};

export type NeedsData = Omit<needs_query$data, " $fragmentType">;

const WEEK_MS = 7 * 86_400_000;

/** Everything that waits for a person, what is broken first. What failed more than a week ago is history. */
export function needsOf(data: NeedsData, texts: Catalogue, now: number): Need[] {
  const t = texts.home.needs;
  const needs: Need[] = [];
  const add = (
    what: string,
    thing: { id?: string; name: string; reason?: string | null },
    path: string,
    isBroken: boolean,
  ) => needs.push({ key: `${path} ${what}`, what, name: thing.name, reason: thing.reason ?? null, path, isBroken });
  const isNew = (at: string) => now - Date.parse(at) < WEEK_MS;

  for (const job of data.failed?.nodes ?? []) {
    if (isNew(job.createdAt)) add(t.jobFailed, { id: job.id, name: titleOf(texts, job), reason: job.error }, `/transfers/${job.id}`, true);
  }
  for (const job of data.paused?.nodes ?? []) {
    add(t.jobPaused, { id: job.id, name: titleOf(texts, job), reason: job.error }, `/transfers/${job.id}`, false);
  }
  for (const broadcast of data.broken?.nodes ?? []) {
    if (isNew(broadcast.createdAt)) add(t.broadcastFailed, broadcast, `/broadcasts/${broadcast.id}`, true);
  }
  for (const broadcast of data.held?.nodes ?? []) add(t.broadcastPaused, broadcast, `/broadcasts/${broadcast.id}`, false);
  const channel = data.whatsappChannel;
  if (channel?.status === "REFUSED") add(t.channelRefused, { ...channel, name: t.channel }, "/settings/whatsapp", true);
  for (const workflow of data.workflows?.nodes ?? []) add(t.workflowPaused, workflow, `/workflows/${workflow.id}`, false);
  for (const workflow of data.stuck?.nodes ?? []) {
    add(t.enrollmentsFailed(workflow.counts.failed), workflow, `/workflows/${workflow.id}?tab=people&state=FAILED`, true);
  }
  if (data.stuck?.pageInfo.hasNextPage) add(t.moreStuck, { name: t.showThem }, "/workflows?failed=true", true);
  for (const segment of data.unbuilt?.nodes ?? []) {
    add(t.segmentFailed, { ...segment, reason: texts.segments.statusLeads.FAILED }, `/segments/${segment.id}`, true);
  }
  if (data.unbuilt?.pageInfo.hasNextPage) add(t.moreUnbuilt, { name: t.showThem }, "/segments?status=FAILED", true);
  for (const endpoint of data.webhookEndpoints ?? []) {
    const what = { DISABLED: t.endpointDisabled, PAUSED: t.endpointPaused, BACKING_OFF: t.endpointFails, ACTIVE: null, CHECKING: null }[endpoint.status];
    if (what) add(what, { ...endpoint, name: endpoint.url }, `/destinations/webhooks/${endpoint.id}`, endpoint.status !== "PAUSED");
  }
  const failure = data.inboundWebhookFailures?.nodes[0];
  if (failure) add(t.inboundFailed, { ...failure, name: t.inbound }, "/settings/whatsapp", true);
  const meta = data.metaConnection;
  if (meta?.status === "REFUSED") add(t.accountRefused, { ...meta, name: t.account }, "/destinations", true);
  for (const audience of data.audiences?.nodes ?? []) {
    if (audience.status === "BLOCKED") add(t.audienceBlocked, audience, `/destinations/audiences/${audience.id}`, true);
    if (audience.status === "PAUSED") add(t.audiencePaused, audience, `/destinations/audiences/${audience.id}`, false);
  }
  return needs.toSorted((a, b) => Number(b.isBroken) - Number(a.isBroken));
}
