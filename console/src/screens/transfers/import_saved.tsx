import { Alert, Button, Group, TextInput } from "@mantine/core";
import { IconBookmark } from "@tabler/icons-react";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { importSavedDeleteMutation } from "../../__generated__/importSavedDeleteMutation.graphql";
import type { importSavedSaveMutation, ImportOptionsInput } from "../../__generated__/importSavedSaveMutation.graphql";

const SAVE = graphql`
  mutation importSavedSaveMutation($name: String!, $options: ImportOptionsInput!) {
    importMappingSave(input: { name: $name, options: $options }) {
      mapping {
        id
        name
      }
      userErrors {
        message
      }
    }
  }
`;

const DELETE = graphql`
  mutation importSavedDeleteMutation($id: ID!) {
    importMappingDelete(id: $id) {
      deletedId
      userErrors {
        message
      }
    }
  }
`;

/** Offers the saved choices that fit a file. They are taken only when they are asked for. */
export function SavedMapping({
  mapping,
  onUse,
}: {
  mapping: { readonly id: string; readonly name: string; readonly options: unknown };
  onUse: (options: unknown) => void;
}) {
  const t = useTexts();
  const [state, setState] = useState<"offered" | "used" | "deleted">("offered");
  const [remove, busy] = useMutationCall<importSavedDeleteMutation>(DELETE);
  if (state === "deleted") return null;
  const ask = async () => {
    const isSure = await confirm({
      title: t.transfers.import.savedDelete(mapping.name),
      children: t.transfers.import.savedDeleteLead,
      action: t.common.delete,
    });
    if (!isSure) return;
    const answer = await remove({ id: mapping.id });
    if (!answer || notifyRefusal(answer.importMappingDelete.userErrors)) return;
    notifyDone(t.transfers.import.savedDeleted);
    setState("deleted");
  };
  return (
    <Alert icon={<IconBookmark size={18} />} color="teal" role="status">
      <Group justify="space-between">
        <span>{state === "used" ? t.transfers.import.savedInUse(mapping.name) : t.transfers.import.savedFits(mapping.name)}</span>
        <Group gap="xs">
          {state === "offered" && (
            <Button
              size="compact-sm"
              onClick={() => {
                onUse(mapping.options);
                setState("used");
              }}
            >
              {t.transfers.import.savedUse}
            </Button>
          )}
          <Button size="compact-sm" variant="subtle" color="gray" loading={busy} onClick={() => void ask()} aria-label={t.transfers.import.savedDelete(mapping.name)}>
            {t.common.delete}
          </Button>
        </Group>
      </Group>
    </Alert>
  );
}

/** Saves the choices under a name, for the next file of the same kind. */
export function SaveMapping({ options }: { options: ImportOptionsInput }) {
  const t = useTexts();
  const [name, setName] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [save, busy] = useMutationCall<importSavedSaveMutation>(SAVE);
  const submit = async () => {
    const answer = await save({ name: name.trim(), options });
    if (!answer) return;
    const refusal = answer.importMappingSave.userErrors[0];
    setError(refusal?.message ?? null);
    if (!refusal) {
      notifyDone(t.transfers.import.savedDone(name.trim()));
      setName("");
    }
  };
  return (
    <Group align="flex-end" gap="xs">
      <TextInput
        label={t.transfers.import.saveName}
        description={t.transfers.import.saveAs}
        value={name}
        error={error}
        maxLength={200}
        onChange={(event) => setName(event.currentTarget.value)}
        miw={{ base: 0, xs: 420 }}
      />
      <Button variant="default" disabled={!name.trim()} loading={busy} onClick={() => void submit()}>
        {t.transfers.import.saveAction}
      </Button>
    </Group>
  );
}
