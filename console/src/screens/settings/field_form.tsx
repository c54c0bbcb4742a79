import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { Select, TagsInput } from "../../components/choices";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { FieldType, fieldFormCreateMutation } from "../../__generated__/fieldFormCreateMutation.graphql";
import type { fieldFormUpdateMutation } from "../../__generated__/fieldFormUpdateMutation.graphql";
import { keyOf } from "./field_key";

const CREATE = graphql`
  mutation fieldFormCreateMutation($input: ContactFieldCreateInput!) {
    contactFieldCreate(input: $input) {
      contactField {
        id
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const UPDATE = graphql`
  mutation fieldFormUpdateMutation($id: ID!, $input: ContactFieldUpdateInput!) {
    contactFieldUpdate(id: $id, input: $input) {
      contactField {
        id
        label
        choices
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const TYPES: readonly FieldType[] = ["TEXT", "NUMBER", "BOOLEAN", "DATE", "DATETIME", "CHOICE", "MULTI_CHOICE"];

type Edited = { readonly id: string; readonly label: string; readonly type: string; readonly choices: readonly string[] | null | undefined };

/** Adds a custom field (`field` null), or changes the label and choices of one. */
export function FieldForm({ field, onDone }: { field: Edited | null; onDone: (label: string) => void }) {
  const t = useTexts();
  const [label, setLabel] = useState(field?.label ?? "");
  const [key, setKey] = useState<string | null>(null);
  const [type, setType] = useState<FieldType>(TYPES.find((each) => each === field?.type) ?? "TEXT");
  const [choices, setChoices] = useState<string[]>(field?.choices?.slice() ?? []);
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [create, creating] = useMutationCall<fieldFormCreateMutation>(CREATE);
  const [update, updating] = useMutationCall<fieldFormUpdateMutation>(UPDATE);
  const hasChoices = type === "CHOICE" || type === "MULTI_CHOICE";

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = field
      ? (await update({ id: field.id, input: { label, ...(hasChoices && { choices }) } }))?.contactFieldUpdate
      : (await create({ input: { label, key: key ?? keyOf(label), type, choices: hasChoices ? choices : null } }))?.contactFieldCreate;
    if (!payload) return;
    setErrors(payload.userErrors);
    if (payload.contactField) onDone(label);
  };
  const wrongChoice = errors.find(({ field: path }) => path?.includes("choices"))?.message;
  const unplaced = errors.find(({ field: path }) => !path || !["label", "key", "type", "choices"].some((each) => path.includes(each)))?.message;
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput
          label={t.settings.fields.label}
          description={t.settings.fields.labelHint}
          required
          data-autofocus
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
          error={errorOf(errors, "label") ?? unplaced}
        />
        {!field && (
          <>
            <TextInput
              label={t.settings.fields.key}
              description={t.settings.fields.keyHint}
              required
              value={key ?? keyOf(label)}
              onChange={(event) => setKey(event.currentTarget.value)}
              error={errorOf(errors, "key")}
            />
            <Select
              label={t.settings.fields.type}
              description={t.settings.fields.typeHint}
              data={TYPES.map((value) => ({ value, label: t.settings.fields.types[value] ?? value }))}
              value={type}
              onChange={(value) => setType(TYPES.find((each) => each === value) ?? "TEXT")}
              allowDeselect={false}
              error={errorOf(errors, "type")}
            />
          </>
        )}
        {hasChoices && (
          <TagsInput
            label={t.settings.fields.choices}
            description={t.settings.fields.choicesHint}
            value={choices}
            onChange={setChoices}
            acceptValueOnBlur
            clearButtonProps={{ "aria-label": t.common.clear }}
            error={wrongChoice}
          />
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={creating || updating}>
            {field ? t.common.save : t.settings.fields.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
