import { Button, Group, Modal, Pill, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { ContactSelect, type ChosenContact } from "../../components/contact_select";
import { useTexts } from "../../texts/texts";
import { useMemberChange } from "./use_member_change";

/** Gathers contacts by search, then adds them all to a static segment. */
export function AddMembers({ segmentId, onClose, onDone }: { segmentId: string; onClose: () => void; onDone: () => void }) {
  const t = useTexts();
  const [chosen, setChosen] = useState<readonly ChosenContact[]>([]);
  const [change, busy] = useMemberChange(segmentId);
  const add = async () => {
    const isDone = await change(
      "add",
      chosen.map(({ id }) => id),
      onDone,
    );
    if (!isDone) return;
    onDone();
    onClose();
  };
  return (
    <Modal opened onClose={onClose} title={t.segments.addMembers} closeButtonProps={{ "aria-label": t.common.close }}>
      <Stack>
        <ContactSelect
          label={t.segments.pickContacts}
          description={t.segments.pickContactsLead}
          data-autofocus
          value={null}
          onChange={(contact) => contact && setChosen((before) => [...before.filter(({ id }) => id !== contact.id), contact])}
        />
        <Group gap={6} role="status">
          {chosen.map(({ id, name }) => (
            <Pill
              key={id}
              withRemoveButton
              removeButtonProps={{ "aria-label": `${t.rules.remove}: ${name}`, tabIndex: 0, "aria-hidden": false }}
              onRemove={() => setChosen((before) => before.filter((contact) => contact.id !== id))}
            >
              {name}
            </Pill>
          ))}
          {chosen.length === 0 && (
            <Text size="sm" c="dimmed">
              {t.common.none}
            </Text>
          )}
        </Group>
        <Group justify="flex-end">
          <Button variant="subtle" onClick={onClose}>
            {t.common.cancel}
          </Button>
          <Button loading={busy} disabled={chosen.length === 0} onClick={add}>
            {t.segments.addMembers}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
