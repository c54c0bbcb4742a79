import { TextInput } from "@mantine/core";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { RefusableForm } from "../../components/refusable_form";
import { errorOf, useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { audienceEditMutation, AudienceMode } from "../../__generated__/audienceEditMutation.graphql";
import { AudienceModeField } from "./audience_mode";

const UPDATE = graphql`
  mutation audienceEditMutation($id: ID!, $name: String, $mode: AudienceMode) {
    audienceUpdate(id: $id, name: $name, mode: $mode) {
      audience {
        id
        name
        mode
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

/** Another name, here alone, or another mode. */
export function AudienceEdit({
  audience,
  onDone,
}: {
  audience: { readonly id: string; readonly name: string; readonly mode: string };
  onDone: () => void;
}) {
  const t = useTexts();
  const words = t.destinations.meta;
  const [name, setName] = useState(audience.name);
  const [mode, setMode] = useState<AudienceMode>(audience.mode === "ADD_ONLY" ? "ADD_ONLY" : "MIRROR");
  const [update, busy] = useMutationCall<audienceEditMutation>(UPDATE);
  const submit = async () => (await update({ id: audience.id, name, mode }))?.audienceUpdate.userErrors ?? null;
  return (
    <RefusableForm fields={["name", "mode"]} action={t.common.save} busy={busy} onSubmit={submit} onDone={onDone}>
      {(errors) => (
        <>
          <TextInput
            label={words.nameHere}
            description={words.nameHereHint}
            required
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errorOf(errors, "name")}
          />
          <AudienceModeField value={mode} onChange={setMode} error={errorOf(errors, "mode")} />
        </>
      )}
    </RefusableForm>
  );
}
