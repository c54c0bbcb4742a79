import { Button, CloseButton, Collapse, Group, NumberInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconTrash } from "@tabler/icons-react";

import { useTexts } from "../../texts/texts";
import { DurationInput, NodeSelect } from "./fields";
import { connected, edgesOf, kindOf, removeNode, replaceNode, type Graph, type Node } from "./graph";
import { KindIcon } from "./kind_icon";
import { NodeSettings } from "./node_settings";

/** All that can be set at one node. */
export function NodeForm({ graph, node, onChange, onClose }: { graph: Graph; node: Node; onChange: (graph: Graph) => void; onClose: () => void }) {
  const texts = useTexts();
  const t = texts.workflows;
  const set = (next: Node) => onChange(replaceNode(graph, next));
  const kind = kindOf(node);
  return (
    <Stack gap="sm">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Group gap={6}>
            <KindIcon kind={kind} size={18} />
            <Title order={2} size="h4">
              {t.kind[kind]}
            </Title>
          </Group>
          <Text size="sm" c="dimmed">
            {t.kindLead[kind]}
          </Text>
        </div>
        <CloseButton aria-label={texts.common.close} onClick={onClose} />
      </Group>
      <TextInput
        label={t.editor.label}
        placeholder={t.kind[kind]}
        value={node.label ?? ""}
        onChange={(event) => set({ ...node, label: event.currentTarget.value || null })}
      />
      <NodeSettings graph={graph} node={node} onChange={set} />
      {kind !== "end" && kind !== "branch" && kind !== "split" && (
        <Stack gap={6} component="fieldset" p={0} m={0} bd="none">
          <Text component="legend" size="sm" fw={600}>
            {t.editor.waysOut}
          </Text>
          {edgesOf(node).map((edge) => (
            <NodeSelect
              key={edge.outcome}
              label={edge.outcome === "next" ? t.editor.leadsOn : t.editor.leadsTo(t.outcome[edge.outcome] ?? edge.outcome)}
              graph={graph}
              except={node.key}
              clearable={edge.optional}
              value={edge.to}
              onChange={(to) => set(connected(node, edge.path, to))}
            />
          ))}
        </Stack>
      )}
      {kind !== "end" && <Limits graph={graph} node={node} onChange={set} />}
      <Group justify="space-between">
        <Text size="xs" c="dimmed" title={t.editor.keyLead}>
          {t.editor.key}: {node.key}
        </Text>
        <Button
          variant="subtle"
          color="red"
          size="compact-sm"
          leftSection={<IconTrash size={14} />}
          disabled={graph.nodes.length === 1}
          onClick={() => {
            onChange(removeNode(graph, node.key));
            onClose();
          }}
        >
          {t.editor.deleteNode}
        </Button>
      </Group>
    </Stack>
  );
}

function Limits({ graph, node, onChange }: { graph: Graph; node: Node; onChange: (node: Node) => void }) {
  const t = useTexts().workflows;
  const [opened, { toggle }] = useDisclosure(Boolean(node.limit));
  const limit = node.limit ?? {};
  const set = (change: NonNullable<Node["limit"]>) => {
    const next = { ...limit, ...change };
    const isEmpty = !next.perContact && !next.total && !next.cooldown;
    onChange({ ...node, limit: isEmpty ? null : next });
  };
  return (
    <Stack gap="xs">
      <Button variant="subtle" size="compact-sm" w="fit-content" onClick={toggle} aria-expanded={opened}>
        {t.editor.limits}
      </Button>
      <Collapse expanded={opened}>
        <Stack gap="xs">
          <NumberInput
            label={t.editor.perContact}
            min={1}
            value={limit.perContact ?? ""}
            onChange={(value) => set({ perContact: value === "" ? null : Number(value) })}
          />
          <NumberInput label={t.editor.total} min={1} value={limit.total ?? ""} onChange={(value) => set({ total: value === "" ? null : Number(value) })} />
          <DurationInput label={t.editor.cooldown} value={limit.cooldown} onChange={(cooldown) => set({ cooldown })} />
          <NodeSelect
            label={t.editor.leadsTo(t.outcome.limited ?? "")}
            graph={graph}
            clearable
            except={node.key}
            value={limit.next}
            onChange={(next) => set({ next: next || null })}
          />
        </Stack>
      </Collapse>
    </Stack>
  );
}
