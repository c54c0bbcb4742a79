import { NumberInput, Stack, TextInput } from "@mantine/core";

import { useTexts } from "../../texts/texts";
import { NodeSelect } from "./fields";
import type { Graph, Node, Rule, Settings } from "./graph";
import { PartList } from "./part_list";
import { RuleField } from "./graph_rule";

type Case = { name: string; rule: Rule; next: string };
type Share = { name: string; percent: number; next: string };
type Props = { graph: Graph; node: Node; settings: Settings; set: (change: Settings) => void };

/** The cases of a BRANCH in the order in which they are tried, and where the others go. */
export function BranchCases({ graph, node, settings, set }: Props) {
  const t = useTexts().workflows;
  const cases = (settings.cases ?? []) as Case[];
  const otherwise = String(settings.otherwise ?? "");
  return (
    <Stack gap="xs">
      <PartList
        parts={cases}
        onChange={(next) => set({ cases: next })}
        add={t.field.addCase}
        newPart={() => ({ name: freeName(cases), rule: { all: [] }, next: otherwise })}
      >
        {(each, setPart, index) => (
          <>
            <TextInput label={t.field.case(index + 1)} value={each.name} onChange={(event) => setPart({ ...each, name: event.currentTarget.value })} />
            <RuleField label={t.field.rule} value={each.rule} onChange={(rule) => rule && setPart({ ...each, rule })} />
            <NodeSelect label={t.editor.leadsTo(each.name)} graph={graph} except={node.key} value={each.next} onChange={(next) => setPart({ ...each, next })} />
          </>
        )}
      </PartList>
      <NodeSelect
        label={t.editor.leadsTo(t.outcome.otherwise ?? "")}
        graph={graph}
        except={node.key}
        value={otherwise}
        onChange={(to) => set({ otherwise: to })}
      />
    </Stack>
  );
}

/** The parts of a SPLIT; they make 100 percent. */
export function SplitShares({ graph, node, settings, set }: Props) {
  const t = useTexts().workflows;
  const shares = (settings.shares ?? []) as Share[];
  const rest = 100 - shares.reduce((sum, share) => sum + share.percent, 0);
  return (
    <PartList
      parts={shares}
      onChange={(next) => set({ shares: next })}
      add={t.field.addShare}
      newPart={() => ({ name: freeName(shares), percent: Math.max(0, rest), next: shares[0]?.next ?? "" })}
    >
      {(each, setPart, index) => (
        <>
          <TextInput label={t.field.share(index + 1)} value={each.name} onChange={(event) => setPart({ ...each, name: event.currentTarget.value })} />
          <NumberInput
            label={t.field.percent}
            min={0}
            max={100}
            value={each.percent}
            error={rest !== 0 && index === shares.length - 1 ? t.field.percentRest(rest) : undefined}
            onChange={(percent) => setPart({ ...each, percent: Number(percent) })}
          />
          <NodeSelect label={t.editor.leadsTo(each.name)} graph={graph} except={node.key} value={each.next} onChange={(next) => setPart({ ...each, next })} />
        </>
      )}
    </PartList>
  );
}

/** a, b, c, ... : the first letter that no part is called by. */
function freeName(parts: readonly { name: string }[]): string {
  const taken = new Set(parts.map((part) => part.name));
  return [..."abcdefghijklmnopqrstuvwxyz"].find((letter) => !taken.has(letter)) ?? `part_${parts.length + 1}`;
}
