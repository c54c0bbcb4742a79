import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { Select } from "../../components/choices";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { Permission } from "../../__generated__/memberFormCreateMutation.graphql";
import type { tokenFormMutation } from "../../__generated__/tokenFormMutation.graphql";
import { PermissionPicker } from "./permission_picker";

const CREATE = graphql`
  mutation tokenFormMutation($input: ApiTokenCreateInput!) {
    apiTokenCreate(input: $input) {
      apiToken {
        id
      }
      secret
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const DAYS = ["never", "30", "90", "365"] as const;

/** Makes a token and hands its secret on, which is shown once. */
export function TokenForm({ onDone }: { onDone: (secret: string) => void }) {
  const t = useTexts();
  const [name, setName] = useState("");
  const [permissions, setPermissions] = useState<Permission[]>(["CONTACT_READ", "SEGMENT_READ"]);
  const [days, setDays] = useState<string>("90");
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [create, busy] = useMutationCall<tokenFormMutation>(CREATE);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const expiresAt = days === "never" ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    const answer = await create({ input: { name, permissions, expiresAt } });
    if (!answer) return;
    setErrors(answer.apiTokenCreate.userErrors);
    if (answer.apiTokenCreate.secret) onDone(answer.apiTokenCreate.secret);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput
          label={t.settings.tokens.name}
          required
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf(errors, "name")}
        />
        <Select
          label={t.settings.tokens.expires}
          data={DAYS.map((value) => ({ value, label: t.settings.tokens.expiresOptions[value] }))}
          value={days}
          onChange={(value) => value && setDays(value)}
          allowDeselect={false}
          error={errorOf(errors, "expiresAt")}
        />
        <PermissionPicker value={permissions} onChange={setPermissions} error={errorOf(errors, "permissions")} />
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {t.settings.tokens.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
