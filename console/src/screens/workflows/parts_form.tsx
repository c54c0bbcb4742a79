import { Button, NumberInput, Stack, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";

import { useTexts } from "../../texts/texts";
import { NodeSelect } from "./fields";
import type { Graph, Node, Rule, Settings } from "./graph";
import { Removable } from "./node_settings";
import { RuleField } from "./graph_rule";

type Case = { name: string; rule: Rule; next: string };
type Share = { name: string; percent: number; next: string };
type Props = { graph: Graph; node: Node; settings: Settings; set: (change: Settings) => void };

/** The cases of a BRANCH in the order in which they are tried, and where the others go. */
export function BranchCases({ graph, node, settings, set }: Props) {
  const t = useTexts().workflows;
  const cases = (settings.cases ?? []) as Case[];
  const otherwise = String(settings.otherwise ?? "");
  const replace = (index: number, change: Partial<Case>) =>
    set({ cases: cases.map((each, at) => (at === index ? { ...each, ...change } : each)) });
  return (
    <Stack gap="xs">
      {cases.map((each, index) => (
        <Removable key={index} label={t.field.removePart} onRemove={() => set({ cases: cases.filter((_, at) => at !== index) })}>
          <TextInput label={t.field.case(index + 1)} value={each.name} onChange={(event) => replace(index, { name: event.currentTarget.value })} />
          <RuleField label={t.field.rule} value={each.rule} onChange={(rule) => rule && replace(index, { rule })} />
          <NodeSelect label={t.editor.leadsTo(each.name)} graph={graph} except={node.key} value={each.next} onChange={(next) => replace(index, { next })} />
        </Removable>
      ))}
      <Button
        variant="light"
        size="compact-sm"
        w="fit-content"
        leftSection={<IconPlus size={14} />}
        onClick={() => set({ cases: [...cases, { name: freeName(cases), rule: { all: [] }, next: otherwise }] })}
      >
        {t.field.addCase}
      </Button>
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
  const replace = (index: number, change: Partial<Share>) =>
    set({ shares: shares.map((each, at) => (at === index ? { ...each, ...change } : each)) });
  const rest = 100 - shares.reduce((sum, share) => sum + share.percent, 0);
  return (
    <Stack gap="xs">
      {shares.map((each, index) => (
        <Removable key={index} label={t.field.removePart} onRemove={() => set({ shares: shares.filter((_, at) => at !== index) })}>
          <TextInput label={t.field.share(index + 1)} value={each.name} onChange={(event) => replace(index, { name: event.currentTarget.value })} />
          <NumberInput
            label={t.field.percent}
            min={0}
            max={100}
            value={each.percent}
            error={rest !== 0 && index === shares.length - 1 ? t.field.percentRest(rest) : undefined}
            onChange={(percent) => replace(index, { percent: Number(percent) })}
          />
          <NodeSelect label={t.editor.leadsTo(each.name)} graph={graph} except={node.key} value={each.next} onChange={(next) => replace(index, { next })} />
        </Removable>
      ))}
      <Button
        variant="light"
        size="compact-sm"
        w="fit-content"
        leftSection={<IconPlus size={14} />}
        onClick={() => set({ shares: [...shares, { name: freeName(shares), percent: Math.max(0, rest), next: shares[0]?.next ?? "" }] })}
      >
        {t.field.addShare}
      </Button>
    </Stack>
  );
}

/** a, b, c, ... : the first letter that no part is called by. */
function freeName(parts: readonly { name: string }[]): string {
  const taken = new Set(parts.map((part) => part.name));
  return [..."abcdefghijklmnopqrstuvwxyz"].find((letter) => !taken.has(letter)) ?? `part_${parts.length + 1}`;
}
