import { ActionIcon, Button, Code, Group, Modal, Table } from "@mantine/core";
import { IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { Cut } from "../../components/cut";
import { Empty } from "../../components/empty";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { PlainTable } from "../../components/plain_table";
import { Screen } from "../../components/screen";
import { wordOf } from "../../format/words";
import { useMutationCall } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { fieldListDeleteMutation } from "../../__generated__/fieldListDeleteMutation.graphql";
import type { fieldListQuery, fieldListQuery$data } from "../../__generated__/fieldListQuery.graphql";
import { useContactCount } from "./contact_count";
import { FieldForm } from "./field_form";
import { fieldsRoute } from "./routes";

const QUERY = graphql`
  query fieldListQuery {
    contactFields {
      id
      key
      label
      type
      choices
    }
  }
`;

const DELETE = graphql`
  mutation fieldListDeleteMutation($id: ID!) {
    contactFieldDelete(id: $id) {
      deletedId
      userErrors {
        message
      }
    }
  }
`;

type Field = fieldListQuery$data["contactFields"][number];

/** The custom fields of contacts. */
export function FieldList() {
  const t = useTexts();
  const { open } = fieldsRoute.useSearch();
  const navigate = fieldsRoute.useNavigate();
  const mayWrite = useMay("CONTACT_WRITE");
  const [{ contactFields }, reload] = useScreenQuery<fieldListQuery>(QUERY, {});
  const close = () => void navigate({ search: {} });
  const edited = contactFields.find(({ id }) => id === open);
  return (
    <Screen
      title={t.settings.tabs.fields}
      lead={t.settings.fields.lead}
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => void navigate({ search: { open: "new" } })}>
            {t.settings.fields.add}
          </Button>
        )
      }
    >
      {contactFields.length === 0 ? (
        <Empty title={t.settings.fields.empty}>{t.settings.fields.emptyLead}</Empty>
      ) : (
        <PlainTable
          label={t.settings.tabs.fields}
          columns={[
            t.settings.fields.label,
            t.settings.fields.key,
            t.settings.fields.type,
            t.settings.fields.choices,
            ...(mayWrite ? [t.common.actions] : []),
          ]}
        >
          {contactFields.map((field) => (
            <Row key={field.id} field={field} onGone={reload} />
          ))}
        </PlainTable>
      )}
      <Modal
        opened={mayWrite && (open === "new" || edited !== undefined)}
        onClose={close}
        title={edited ? t.settings.fields.editTitle(edited.label) : t.settings.fields.addTitle}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        {(open === "new" || edited) && (
          <FieldForm
            key={open}
            field={edited ?? null}
            onDone={(label) => {
              notifyDone(edited ? t.settings.fields.changed(label) : t.settings.fields.created(label));
              close();
              reload();
            }}
          />
        )}
      </Modal>
    </Screen>
  );
}

function Row({ field, onGone }: { field: Field; onGone: () => void }) {
  const t = useTexts();
  const navigate = fieldsRoute.useNavigate();
  const mayWrite = useMay("CONTACT_WRITE");
  const countOf = useContactCount();
  const [remove, busy] = useMutationCall<fieldListDeleteMutation>(DELETE);
  const ask = async () => {
    const isSure = await confirm({
      title: t.settings.fields.removeTitle(field.label),
      children: t.settings.fields.removeLead(await countOf(`attributes.${field.key} is set`)),
      action: t.settings.fields.removeAction,
    });
    if (!isSure) return;
    const answer = await remove({ id: field.id });
    if (!answer || notifyRefusal(answer.contactFieldDelete.userErrors)) return;
    notifyDone(t.settings.fields.removed(field.label));
    onGone();
  };
  return (
    <Table.Tr data-id={field.id}>
      <Table.Td fw={500}>{field.label}</Table.Td>
      <Table.Td>
        <Code>{field.key}</Code>
      </Table.Td>
      <Table.Td>{wordOf(t.settings.fields.types, field.type)}</Table.Td>
      <Table.Td maw={320}>
        <Cut size="sm">{field.choices?.join(", ")}</Cut>
      </Table.Td>
      {mayWrite && (
        <Table.Td>
          <Group gap={4} wrap="nowrap">
            <ActionIcon
              variant="subtle"
              aria-label={t.settings.fields.edit(field.label)}
              onClick={() => void navigate({ search: { open: field.id } })}
            >
              <IconPencil size={16} />
            </ActionIcon>
            <ActionIcon variant="subtle" color="red" loading={busy} aria-label={t.settings.fields.remove(field.label)} onClick={() => void ask()}>
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        </Table.Td>
      )}
    </Table.Tr>
  );
}
