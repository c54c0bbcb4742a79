import { Checkbox, Fieldset, SimpleGrid, Stack, Text } from "@mantine/core";

import { wordOf } from "../../format/words";
import { useViewer, type Permission } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { Permission as Given } from "../../__generated__/memberFormCreateMutation.graphql";

const AREAS: readonly { area: "contacts" | "segments" | "sending" | "running" | "managing"; permissions: readonly Given[] }[] = [
  { area: "contacts", permissions: ["CONTACT_READ", "CONTACT_WRITE", "CONTACT_IMPORT", "CONTACT_EXPORT", "ACTIVITY_WRITE"] },
  { area: "segments", permissions: ["SEGMENT_READ", "SEGMENT_WRITE"] },
  { area: "sending", permissions: ["BROADCAST_READ", "BROADCAST_SEND", "WORKFLOW_READ", "WORKFLOW_WRITE"] },
  { area: "running", permissions: ["JOB_READ", "JOB_RUN", "WEBHOOK_MANAGE"] },
  { area: "managing", permissions: ["MEMBER_MANAGE", "TOKEN_MANAGE", "AUDIT_READ"] },
];

/** Permissions to tick, each with what it opens. Those that the member does not have cannot be given. */
export function PermissionPicker({
  value,
  onChange,
  error,
}: {
  value: readonly Given[];
  onChange: (permissions: Given[]) => void;
  error?: string | undefined;
}) {
  const t = useTexts().settings;
  const { permissions: held } = useViewer();
  const toggle = (permission: Given) =>
    onChange(value.includes(permission) ? value.filter((each) => each !== permission) : [...value, permission]);
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        {t.permissionsHeld}
      </Text>
      {error && (
        <Text size="sm" c="red" role="alert">
          {error}
        </Text>
      )}
      {AREAS.map(({ area, permissions }) => (
        <Fieldset key={area} legend={t.areas[area]} p="sm">
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
            {permissions.map((permission) => (
              <Checkbox
                key={permission}
                label={wordOf(t.permissions, permission)}
                checked={value.includes(permission)}
                disabled={!held.includes(permission as Permission)}
                onChange={() => toggle(permission)}
              />
            ))}
          </SimpleGrid>
        </Fieldset>
      ))}
    </Stack>
  );
}
