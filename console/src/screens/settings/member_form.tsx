import { Button, Group, Radio, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { OtherErrors } from "../../components/other_errors";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { memberFormCreateMutation, Permission, Role } from "../../__generated__/memberFormCreateMutation.graphql";
import type { memberFormUpdateMutation } from "../../__generated__/memberFormUpdateMutation.graphql";
import { PermissionPicker } from "./permission_picker";

const CREATE = graphql`
  mutation memberFormCreateMutation($input: MemberCreateInput!) {
    memberCreate(input: $input) {
      member {
        id
        name
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
  mutation memberFormUpdateMutation($id: ID!, $input: MemberUpdateInput!) {
    memberUpdate(id: $id, input: $input) {
      member {
        id
        name
        role
        permissions
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const PLACED = ["email", "name", "role", "permissions"];

const ROLES: readonly Role[] = ["ADMIN", "MANAGER", "USER"];

type Edited = { readonly id: string; readonly name: string; readonly email: string; readonly role: string; readonly permissions: readonly string[] };

/** Adds a member (`member` null), or changes name, role and permissions of one. */
export function MemberForm({ member, onDone }: { member: Edited | null; onDone: (id: string, name: string) => void }) {
  const t = useTexts();
  const [email, setEmail] = useState(member?.email ?? "");
  const [name, setName] = useState(member?.name ?? "");
  const [role, setRole] = useState<Role>(ROLES.find((each) => each === member?.role) ?? "USER");
  const [permissions, setPermissions] = useState<Permission[]>(
    member ? (member.permissions.slice() as Permission[]) : ["CONTACT_READ", "SEGMENT_READ", "JOB_READ"],
  );
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [create, creating] = useMutationCall<memberFormCreateMutation>(CREATE);
  const [update, updating] = useMutationCall<memberFormUpdateMutation>(UPDATE);

  const send = async () => {
    const granted = role === "USER" ? permissions : null;
    if (member) return (await update({ id: member.id, input: { name, role, ...(granted && { permissions: granted }) } }))?.memberUpdate;
    return (await create({ input: { email, name, role, permissions: granted } }))?.memberCreate;
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = await send();
    if (!payload) return;
    setErrors(payload.userErrors);
    if (payload.member) onDone(payload.member.id, payload.member.name);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <OtherErrors errors={errors} fields={PLACED} />
        {!member && (
          <TextInput
            label={t.settings.members.email}
            type="email"
            required
            data-autofocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={errorOf(errors, "email")}
          />
        )}
        <TextInput
          label={t.settings.members.name}
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf(errors, "name")}
        />
        <Radio.Group
          label={t.settings.members.role}
          value={role}
          onChange={(value) => setRole(ROLES.find((each) => each === value) ?? "USER")}
          error={errorOf(errors, "role")}
        >
          <Stack gap="xs" mt={4}>
            {ROLES.map((each) => (
              <Radio key={each} value={each} label={t.settings.members.roles[each]} description={t.settings.members.rolesLead[each]} />
            ))}
          </Stack>
        </Radio.Group>
        {role === "USER" && <PermissionPicker value={permissions} onChange={setPermissions} error={errorOf(errors, "permissions")} />}
        <Group justify="flex-end">
          <Button type="submit" loading={creating || updating}>
            {member ? t.common.save : t.settings.members.addAction}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
