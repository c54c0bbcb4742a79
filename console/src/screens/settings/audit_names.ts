import { wordOf } from "../../format/words";
import type { Catalogue } from "../../texts/en";
import type { auditListQuery$data } from "../../__generated__/auditListQuery.graphql";

export type Entry = auditListQuery$data["auditLog"]["nodes"][number];

/** Who did it: the name, or what kind of actor it was. */
export function actorOf(t: Catalogue, entry: Entry): string {
  const name = entry.actor?.memberName ?? entry.actor?.tokenName;
  const kind = wordOf(t.settings.audit.actors, entry.actorKind);
  if (name) return entry.actorKind === "MEMBER" ? name : `${name} (${kind})`;
  return entry.actorKind === "MEMBER" || entry.actorKind === "TOKEN" ? `${kind}, ${t.settings.audit.gone}` : kind;
}

/** What it was done to, by its name when it has one. */
export function subjectOf(t: Catalogue, { subject, subjectId }: Entry): string {
  if (!subject) return subjectId ? t.settings.audit.gone : "";
  return (
    subject.segmentName ??
    subject.contactName ??
    subject.memberName ??
    subject.tokenName ??
    subject.label ??
    subject.broadcastName ??
    subject.workflowName ??
    subject.url ??
    subject.audienceName ??
    subject.scoreName ??
    subject.filename ??
    ""
  );
}
