import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { notifyDone } from "../../components/notify";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { duplicateMutation } from "../../__generated__/duplicateMutation.graphql";

const DUPLICATE = graphql`
  mutation duplicateMutation($id: ID!, $name: String!) {
    segmentDuplicate(id: $id, name: $name) {
      segment {
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

/** Asks for the name of a copy, makes it and shows it. */
export function Duplicate({ segment, onClose }: { segment: { id: string; name: string }; onClose: () => void }) {
  const t = useTexts();
  const navigate = useNavigate();
  const [name, setName] = useState(t.segments.copyOf(segment.name));
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [duplicate, busy] = useMutationCall<duplicateMutation>(DUPLICATE);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await duplicate({ id: segment.id, name });
    if (!answer) return;
    setErrors(answer.segmentDuplicate.userErrors);
    const copy = answer.segmentDuplicate.segment;
    if (!copy) return;
    onClose();
    notifyDone(t.segments.duplicated(name));
    await navigate({ to: "/segments/$segmentId", params: { segmentId: copy.id } });
  };
  return (
    <Modal opened onClose={onClose} title={t.segments.duplicateTitle} closeButtonProps={{ "aria-label": t.common.close }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={t.segments.duplicateName}
            data-autofocus
            required
            withAsterisk={false}
            maxLength={200}
            value={name}
            error={errorOf(errors, "name") ?? errors[0]?.message}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="subtle" onClick={onClose}>
              {t.common.cancel}
            </Button>
            <Button type="submit" loading={busy}>
              {t.segments.duplicate}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
