import { wordOf } from "../../format/words";
import type { Catalogue } from "../../texts/en";
import type { jobFragment_job$data } from "../../__generated__/jobFragment_job.graphql";

export type Job = Omit<jobFragment_job$data, " $fragmentType">;

export const IS_UNFINISHED: Readonly<Record<string, boolean>> = { QUEUED: true, RUNNING: true, PAUSED: true };

/** The colour of a status, beside its word. */
export const STATUS_COLORS: Readonly<Record<string, string>> = {
  QUEUED: "gray",
  RUNNING: "brand",
  PAUSED: "yellow",
  SUCCEEDED: "teal",
  FAILED: "red",
  CANCELLED: "gray",
};

/** The name of a job, for a person. */
export function titleOf(t: Catalogue, job: Job): string {
  const { titles, kinds, formats } = t.transfers;
  const plain = wordOf(kinds, job.kind);
  if (job.filename !== undefined) {
    if (job.dryRun) return titles.dryRun(job.filename);
    return job.undoneAt && IS_UNFINISHED[job.status] ? titles.undo(job.filename) : titles.import(job.filename);
  }
  if (job.format !== undefined) {
    const format = wordOf(formats, job.format);
    return job.exported ? titles.exportSegment(job.exported.name, format) : titles.exportAll(format);
  }
  if (job.computed) return titles.recompute(job.computed.name);
  if (job.edited) return titles.members(job.edited.name);
  if (job.audience) return titles.audience(job.audience.name);
  if (job.workflow) return titles.workflow(job.workflow.name);
  if (job.tag !== undefined) return job.to ? titles.tagRenamed(job.tag, job.to) : titles.tagDeleted(job.tag);
  return plain;
}

/** The share that is done, from 0 to 100; null while that is not known. */
export function percentOf(job: { status: string; done: number; total: number | null | undefined }): number | null {
  if (job.status === "SUCCEEDED") return 100;
  if (job.total == null) return null;
  return job.total === 0 ? 0 : Math.min(100, (100 * job.done) / job.total);
}
