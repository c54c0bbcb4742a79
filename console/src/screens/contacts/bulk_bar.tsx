import { Button, Group, Menu, Paper, Text } from "@mantine/core";
import { IconChevronDown, IconDownload, IconTag, IconTagOff, IconTrash, IconUsersMinus, IconUsersPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { bulkBarDeleteMutation } from "../../__generated__/bulkBarDeleteMutation.graphql";
import { batches, send, type Target } from "./bulk_run";
import { BulkSegment } from "./bulk_segment";
import { BulkTags } from "./bulk_tags";
import { runLong } from "./long_run";

export type { Target } from "./bulk_run";

const DELETE = graphql`
  mutation bulkBarDeleteMutation($ids: [ID!]!) {
    contactsDelete(ids: $ids) {
      deletedIds
      userErrors {
        message
      }
    }
  }
`;

/** How many contacts are selected, and what can be done with them. */
export function BulkBar({
  target,
  matching,
  isEverything,
  onEverything,
  onExport,
  onDone,
  onClear,
}: {
  target: Target;
  matching: number;
  isEverything: boolean;
  onEverything: (isEverything: boolean) => void;
  onExport: () => void;
  onDone: () => void;
  onClear: () => void;
}) {
  const t = useTexts().contacts.bulk;
  const common = useTexts().common;
  const environment = useRelayEnvironment();
  const mayWrite = useMay("CONTACT_WRITE");
  const mayExport = useMay("CONTACT_EXPORT", "JOB_READ");
  const mayFill = useMay("SEGMENT_WRITE", "SEGMENT_READ");
  const [open, setOpen] = useState<"tag" | "untag" | "add" | "remove" | null>(null);
  const close = () => setOpen(null);

  const remove = async () => {
    const { count } = target;
    if (!(await confirm({ title: t.deleteTitle(count), children: t.deleteLead, action: t.deleteAction(count) }))) return;
    async function* parts() {
      for await (const ids of batches(environment, target)) {
        const answer = await send<bulkBarDeleteMutation>(environment, DELETE, { ids: [...ids] });
        yield answer.contactsDelete.deletedIds.length;
      }
    }
    await runLong({ title: t.deleting, total: count, parts: parts(), done: t.deleted });
    onDone();
  };

  return (
    <Paper withBorder p="xs" role="region" aria-label={t.label}>
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          <Text size="sm" fw={600} role="status">
            {t.selected(target.count)}
          </Text>
          {matching > target.count && (
            <Button size="compact-sm" variant="light" onClick={() => onEverything(true)}>
              {t.selectMatching(matching)}
            </Button>
          )}
          {isEverything && (
            <Button size="compact-sm" variant="subtle" onClick={() => onEverything(false)}>
              {t.onlyLoaded}
            </Button>
          )}
          <Button size="compact-sm" variant="subtle" onClick={onClear}>
            {common.clear}
          </Button>
        </Group>
        <Group gap="xs">
          {mayWrite && (
            <Button size="xs" variant="default" leftSection={<IconTag size={14} />} onClick={() => setOpen("tag")}>
              {t.tag}
            </Button>
          )}
          {mayFill && (
            <Button size="xs" variant="default" leftSection={<IconUsersPlus size={14} />} onClick={() => setOpen("add")}>
              {t.add}
            </Button>
          )}
          {mayExport && (
            <Button size="xs" variant="default" leftSection={<IconDownload size={14} />} onClick={onExport}>
              {t.export}
            </Button>
          )}
          {(mayWrite || mayFill) && (
            <Menu withinPortal position="bottom-end">
              <Menu.Target>
                <Button size="xs" variant="default" rightSection={<IconChevronDown size={14} />}>
                  {t.more}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {mayWrite && (
                  <Menu.Item leftSection={<IconTagOff size={16} />} onClick={() => setOpen("untag")}>
                    {t.untag}
                  </Menu.Item>
                )}
                {mayFill && (
                  <Menu.Item leftSection={<IconUsersMinus size={16} />} onClick={() => setOpen("remove")}>
                    {t.remove}
                  </Menu.Item>
                )}
                {mayWrite && (
                  <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => void remove()}>
                    {common.delete}
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
          )}
        </Group>
      </Group>
      {(open === "tag" || open === "untag") && <BulkTags mode={open} target={target} onClose={close} onDone={onDone} />}
      {(open === "add" || open === "remove") && <BulkSegment mode={open} target={target} onClose={close} onDone={onDone} />}
    </Paper>
  );
}
