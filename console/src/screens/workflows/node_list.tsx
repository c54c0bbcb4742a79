import { Badge, Group, Stack, Text, UnstyledButton } from "@mantine/core";

import { formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { NodeFacts } from "./canvas";
import { edgesOf, inOrder, kindOf, type Graph } from "./graph";
import { KindIcon } from "./kind_icon";
import classes from "./node_list.module.css";
import type { Words } from "./words";

/** The graph as a list, in the order of the ways: the same as the drawing, for keyboards and screen readers. */
export function NodeList({
  graph,
  words,
  facts,
  selected,
  onSelect,
}: {
  graph: Graph;
  words: Words;
  facts: ReadonlyMap<string, NodeFacts>;
  selected: string | undefined;
  onSelect: (key: string | undefined) => void;
}) {
  const t = useTexts().workflows;
  const names = new Map(graph.nodes.map((node) => [node.key, node.label || t.kind[kindOf(node)]]));
  return (
    <Stack gap="xs">
      {words.triggers.map((line) => (
        <Group key={line} gap="xs" wrap="nowrap" className={classes.trigger}>
          <KindIcon kind="trigger" />
          <Text size="sm">{line}</Text>
        </Group>
      ))}
      <Stack component="ol" gap={6} m={0} p={0}>
        {inOrder(graph).map((node) => {
          const known = facts.get(node.key);
          const edges = edgesOf(node).filter((edge) => edge.to || !edge.optional);
          return (
            <li key={node.key} className={classes.item}>
              <UnstyledButton
                className={classes.node}
                aria-pressed={node.key === selected}
                onClick={() => onSelect(node.key === selected ? undefined : node.key)}
              >
                <KindIcon kind={kindOf(node)} />
                <span className={classes.words}>
                  <Text size="sm" fw={600} component="span" display="block">
                    {names.get(node.key)}
                  </Text>
                  <Text size="xs" c="dimmed" component="span" display="block">
                    {words.nodes.get(node.key)}
                  </Text>
                  <Text size="xs" component="span" display="block">
                    {edges
                      .map((edge) => t.goesTo(t.outcome[edge.outcome] ?? edge.outcome, names.get(edge.to) ?? t.nowhere))
                      .join(" · ")}
                  </Text>
                </span>
                {known?.blocks ? <Badge color="red">{formatNumber(known.blocks)}</Badge> : null}
                <Text size="sm" className="numeric" title={t.counts.inside}>
                  {formatNumber(known?.inside ?? 0)}
                </Text>
              </UnstyledButton>
            </li>
          );
        })}
      </Stack>
    </Stack>
  );
}
