import { Button, Drawer, Group, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { LinkTo } from "../../components/link";
import { notifyDone } from "../../components/notify";
import { OtherErrors } from "../../components/other_errors";
import { errorOf, useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { contactCreateMutation, contactCreateMutation$data } from "../../__generated__/contactCreateMutation.graphql";
import { contactsRoute } from "./routes";
import { TagsField } from "./tags_field";

const CREATE = graphql`
  mutation contactCreateMutation($input: ContactInput!) {
    contactCreate(input: $input) {
      contact {
        id
        name
      }
      userErrors {
        code
        message
        field
        takenBy
      }
    }
  }
`;

const FIELDS = ["firstName", "lastName", "email", "phone", "externalId"] as const;
const PLACED = [...FIELDS, "tags"];
type Field = (typeof FIELDS)[number];
const TYPES: Partial<Record<Field, string>> = { email: "email", phone: "tel" };

type Errors = contactCreateMutation$data["contactCreate"]["userErrors"];

/** A form for one new contact; goes to its page when it is made. */
export function ContactCreate({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const t = useTexts().contacts;
  return (
    <Drawer opened={opened} onClose={onClose} position="right" title={t.create.title} closeButtonProps={{ "aria-label": useTexts().common.close }}>
      <Form onClose={onClose} />
    </Drawer>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const t = useTexts().contacts;
  const common = useTexts().common;
  const navigate = contactsRoute.useNavigate();
  const [values, setValues] = useState<Partial<Record<Field, string>>>({});
  const [tags, setTags] = useState<string[]>([]);
  const [errors, setErrors] = useState<Errors>([]);
  const [create, busy] = useMutationCall<contactCreateMutation>(CREATE);
  const takenBy = errors.find((error) => error.takenBy)?.takenBy;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const given = Object.fromEntries(FIELDS.map((field) => [field, values[field]?.trim() || undefined]));
    const answer = await create({ input: { ...given, ...(tags.length > 0 && { tags }) } });
    if (!answer) return;
    const { contact, userErrors } = answer.contactCreate;
    setErrors(userErrors);
    if (!contact) return;
    notifyDone(t.create.done(contact.name ?? t.nameless));
    void navigate({ to: "/contacts/$contactId", params: { contactId: contact.id } });
  };

  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <OtherErrors errors={errors} fields={PLACED} />
        {FIELDS.map((field, index) => (
          <TextInput
            key={field}
            data-autofocus={index === 0 || undefined}
            label={t.fields[field]}
            type={TYPES[field] ?? "text"}
            autoComplete="off"
            value={values[field] ?? ""}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setValues((before) => ({ ...before, [field]: value }));
            }}
            error={errorOf(errors, field)}
          />
        ))}
        {takenBy && (
          <LinkTo to="/contacts/$contactId" params={{ contactId: takenBy }} size="sm">
            {t.create.openTaken}
          </LinkTo>
        )}
        <TagsField label={t.fields.tags} value={tags} onChange={setTags} error={errors.find(({ field }) => field?.[0] === "tags")?.message} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={busy}>
            {t.create.submit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
