import { isComplete, isCompleteLeaf, type RuleInput } from "../../rules/rule";
import type { ScoreEachInput, ScoreModelInput } from "../../__generated__/scorePreviewQuery.graphql";

/** How a part is earned. What is written of the other way is kept while one of them is chosen. */
export type PartDraft = {
  id: string;
  label: string;
  points: number | undefined;
  way: "while" | "each";
  rule: RuleInput;
  each: ScoreEachInput;
};

export type GroupDraft = { id: string; name: string; parts: readonly PartDraft[]; minimum: number | undefined; maximum: number | undefined };
export type LevelDraft = { id: string; name: string; from: number | undefined };

/** A score as it is written: numbers may still be missing. The ids tell the parts apart on the screen. */
export type ScoreDraft = {
  key: string;
  name: string;
  description: string;
  groups: readonly GroupDraft[];
  minimum: number | undefined;
  maximum: number | undefined;
  levels: readonly LevelDraft[];
};

let last = 0;
const nextId = () => `${++last}`;

const NO_RULE: RuleInput = { all: [] };
const NO_ACTIVITY: ScoreEachInput = { kind: "" };

export function newPart(): PartDraft {
  return { id: nextId(), label: "", points: undefined, way: "each", rule: NO_RULE, each: NO_ACTIVITY };
}

export function newGroup(name = ""): GroupDraft {
  return { id: nextId(), name, parts: [newPart()], minimum: undefined, maximum: undefined };
}

export function newLevel(): LevelDraft {
  return { id: nextId(), name: "", from: undefined };
}

export function newDraft(): ScoreDraft {
  return { key: "", name: "", description: "", groups: [newGroup()], minimum: undefined, maximum: undefined, levels: [] };
}

/** A stored definition, in the shape of the API's input with nulls for what is absent. */
type Stored = {
  key: string;
  name: string;
  description?: string | null;
  groups: readonly {
    name: string;
    minimum?: number | null;
    maximum?: number | null;
    parts: readonly { label: string; points: number; earn: { while?: RuleInput | null; each?: ScoreEachInput | null } }[];
  }[];
  minimum?: number | null;
  maximum?: number | null;
  levels?: readonly { name: string; from: number }[] | null;
};

export function draftOf(definition: unknown): ScoreDraft {
  const stored = definition as Stored;
  return {
    key: stored.key,
    name: stored.name,
    description: stored.description ?? "",
    minimum: stored.minimum ?? undefined,
    maximum: stored.maximum ?? undefined,
    levels: (stored.levels ?? []).map(({ name, from }) => ({ id: nextId(), name, from })),
    groups: stored.groups.map((group) => ({
      id: nextId(),
      name: group.name,
      minimum: group.minimum ?? undefined,
      maximum: group.maximum ?? undefined,
      parts: group.parts.map(({ label, points, earn }) => ({
        id: nextId(),
        label,
        points,
        way: earn.while ? "while" : "each",
        rule: earn.while ?? NO_RULE,
        each: earn.each ? withoutNulls(earn.each) : NO_ACTIVITY,
      })),
    })),
  };
}

function withoutNulls(each: ScoreEachInput): ScoreEachInput {
  return Object.fromEntries(Object.entries(each).filter(([, value]) => value !== null)) as ScoreEachInput;
}

/** What is sent; null while something that must be there is missing. */
export function inputOf(draft: ScoreDraft): ScoreModelInput | null {
  const input = previewInputOf(draft);
  if (!input || !draft.key || !draft.name.trim() || input.levels?.length !== draft.levels.length) return null;
  const isWhole = draft.groups.every(({ name, parts }) => name.trim() && parts.length > 0 && parts.every(isCompletePart));
  return isWhole ? { ...input, key: draft.key, name: draft.name.trim(), description: draft.description.trim() || null } : null;
}

/** What can be counted already: parts and levels that are complete, under names of any kind; null when no part is. */
export function previewInputOf(draft: ScoreDraft): ScoreModelInput | null {
  const groups = draft.groups.flatMap(({ name, parts, minimum, maximum }) => {
    const complete = parts.filter(isCompletePart);
    if (complete.length === 0) return [];
    return [{ name: name.trim() || "-", parts: complete.map(partInput), minimum: minimum ?? null, maximum: maximum ?? null }];
  });
  if (groups.length === 0) return null;
  return {
    key: "preview",
    name: "-",
    groups,
    minimum: draft.minimum ?? null,
    maximum: draft.maximum ?? null,
    levels: draft.levels.flatMap(({ name, from }) => (name.trim() && from !== undefined ? [{ name: name.trim(), from }] : [])),
  };
}

function isCompletePart({ label, points, way, rule, each }: PartDraft): boolean {
  return label.trim() !== "" && points !== undefined && (way === "while" ? isComplete(rule) : isCompleteEach(each));
}

function partInput({ label, points, way, rule, each }: PartDraft): ScoreModelInput["groups"][number]["parts"][number] {
  return { label: label.trim(), points: points ?? 0, earn: way === "while" ? { while: rule } : { each } };
}

function isCompleteEach({ kind, where, lasting, decay }: ScoreEachInput): boolean {
  const counted = isCompleteLeaf({ activity: { kind, where, operator: "GTE", value: 1 } });
  return counted && lasting !== "" && (!decay || (decay.percent > 0 && decay.every !== ""));
}

/** "Lead interest!" as "lead_interest": the key that a name suggests. */
export function keyOf(name: string): string {
  const plain = name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "")
    .slice(0, 40)
    .replace(/(_?level)+$/, "");
  return plain.replace(/_+$/, "");
}
