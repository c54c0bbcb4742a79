import { ActionIcon, Button, Group, Modal, Table, Text, Tooltip } from "@mantine/core";
import { IconLink, IconPencil, IconTrash, IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { Moment } from "../../components/moment";
import { More } from "../../components/more";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { PlainTable } from "../../components/plain_table";
import { Screen } from "../../components/screen";
import { ShownOnce } from "../../components/shown_once";
import { useMoments } from "../../format/use_moments";
import { wordOf } from "../../format/words";
import { useMutationCall } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { memberListDeleteMutation } from "../../__generated__/memberListDeleteMutation.graphql";
import type { memberListInviteMutation } from "../../__generated__/memberListInviteMutation.graphql";
import type { memberListQuery, memberListQuery$data } from "../../__generated__/memberListQuery.graphql";
import { MemberForm } from "./member_form";
import { membersRoute } from "./routes";

const QUERY = graphql`
  query memberListQuery {
    members {
      id
      name
      email
      role
      permissions
      createdAt
    }
  }
`;

const INVITE = graphql`
  mutation memberListInviteMutation($id: ID!) {
    memberInvite(id: $id) {
      url
      expiresAt
      userErrors {
        message
      }
    }
  }
`;

const DELETE = graphql`
  mutation memberListDeleteMutation($id: ID!) {
    memberDelete(id: $id) {
      deletedId
      userErrors {
        message
      }
    }
  }
`;

type Member = memberListQuery$data["members"][number];
type Link = { name: string; url: string; until: string };

/** Who can sign in, with what each may do; a new member gets a link to hand over. */
export function MemberList() {
  const t = useTexts();
  const { open } = membersRoute.useSearch();
  const navigate = membersRoute.useNavigate();
  const { moment } = useMoments();
  const [{ members }, reload] = useScreenQuery<memberListQuery>(QUERY, {});
  const [link, setLink] = useState<Link | null>(null);
  const [invite] = useMutationCall<memberListInviteMutation>(INVITE);
  const close = () => void navigate({ search: {} });
  const makeLink = async (id: string, name: string) => {
    const answer = await invite({ id });
    if (!answer || notifyRefusal(answer.memberInvite.userErrors)) return;
    const { url, expiresAt } = answer.memberInvite;
    if (url && expiresAt) setLink({ name, url, until: moment(expiresAt) });
  };
  const edited = members.find(({ id }) => id === open);
  return (
    <Screen
      title={t.settings.tabs.members}
      lead={t.settings.members.lead}
      actions={
        <Button leftSection={<IconUserPlus size={16} />} onClick={() => void navigate({ search: { open: "new" } })}>
          {t.settings.members.add}
        </Button>
      }
    >
      {link && (
        <ShownOnce title={t.settings.members.inviteReady(link.name)} label={t.settings.members.inviteLabel} value={link.url}>
          {t.settings.members.inviteLead(link.until)}
        </ShownOnce>
      )}
      <PlainTable
        label={t.settings.tabs.members}
        columns={[
          t.settings.members.name,
          t.settings.members.email,
          t.settings.members.role,
          t.settings.members.may,
          t.settings.created,
          t.common.actions,
        ]}
      >
        {members.map((member) => (
          <Row key={member.id} member={member} onInvite={() => void makeLink(member.id, member.name)} onGone={reload} />
        ))}
      </PlainTable>
      <Modal
        opened={open === "new" || edited !== undefined}
        onClose={close}
        size="lg"
        title={edited ? t.settings.members.editTitle(edited.name) : t.settings.members.addTitle}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        {(open === "new" || edited) && (
          <MemberForm
            key={open}
            member={edited ?? null}
            onDone={(id, name) => {
              close();
              reload();
              if (edited) notifyDone(t.settings.members.changed(name));
              else void makeLink(id, name);
            }}
          />
        )}
      </Modal>
    </Screen>
  );
}

function Row({ member, onInvite, onGone }: { member: Member; onInvite: () => void; onGone: () => void }) {
  const t = useTexts();
  const navigate = membersRoute.useNavigate();
  const viewer = useViewer().member;
  const [remove, removing] = useMutationCall<memberListDeleteMutation>(DELETE);
  const may =
    member.role === "ADMIN"
      ? t.settings.members.all
      : member.permissions.length === 0
        ? t.settings.members.noPermissions
        : t.settings.members.permissions(member.permissions.length);
  const askInvite = async () => {
    const isSure = await confirm({
      title: t.settings.members.inviteTitle,
      children: t.settings.members.inviteReplaces(member.name),
      action: t.settings.members.inviteAction,
    });
    if (isSure) onInvite();
  };
  const askRemove = async () => {
    const isSure = await confirm({
      title: t.settings.members.removeTitle(member.name),
      children: t.settings.members.removeLead,
      action: t.settings.members.removeAction,
    });
    if (!isSure) return;
    const answer = await remove({ id: member.id });
    if (!answer || notifyRefusal(answer.memberDelete.userErrors)) return;
    notifyDone(t.settings.members.removed(member.name));
    onGone();
  };
  return (
    <Table.Tr data-id={member.id}>
      <Table.Td fw={500}>
        {member.name} {member.id === viewer?.id && <Text span c="dimmed" size="sm">{`(${t.settings.members.you})`}</Text>}
      </Table.Td>
      <Table.Td>{member.email}</Table.Td>
      <Table.Td>{wordOf(t.settings.members.roles, member.role)}</Table.Td>
      <Table.Td>
        <More words={member.permissions.map((permission) => wordOf(t.settings.permissions, permission))}>{may}</More>
      </Table.Td>
      <Table.Td>
        <Moment at={member.createdAt} />
      </Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap">
          <Tooltip label={t.settings.members.invite}>
            <ActionIcon variant="subtle" aria-label={t.settings.members.inviteOf(member.name)} onClick={() => void askInvite()}>
              <IconLink size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t.common.edit}>
            <ActionIcon
              variant="subtle"
              aria-label={t.settings.members.edit(member.name)}
              onClick={() => void navigate({ search: { open: member.id } })}
            >
              <IconPencil size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t.common.delete}>
            <ActionIcon
              variant="subtle"
              color="red"
              loading={removing}
              aria-label={t.settings.members.remove(member.name)}
              onClick={() => void askRemove()}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
