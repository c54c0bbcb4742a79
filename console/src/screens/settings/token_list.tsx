import { Button, Modal, Table } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { More } from "../../components/more";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { PlainTable } from "../../components/plain_table";
import { Screen } from "../../components/screen";
import { ShownOnce } from "../../components/shown_once";
import { StatusBadge } from "../../components/status_badge";
import { useNow } from "../../format/use_moments";
import { wordOf } from "../../format/words";
import { useMutationCall } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useTexts } from "../../texts/texts";
import type { tokenListQuery, tokenListQuery$data } from "../../__generated__/tokenListQuery.graphql";
import type { tokenListRevokeMutation } from "../../__generated__/tokenListRevokeMutation.graphql";
import { tokensRoute } from "./routes";
import { TokenForm } from "./token_form";

const QUERY = graphql`
  query tokenListQuery {
    apiTokens {
      id
      name
      permissions
      createdAt
      lastUsedAt
      expiresAt
      revokedAt
    }
  }
`;

const REVOKE = graphql`
  mutation tokenListRevokeMutation($id: ID!) {
    apiTokenRevoke(id: $id) {
      apiToken {
        id
        revokedAt
      }
      userErrors {
        message
      }
    }
  }
`;

type Token = tokenListQuery$data["apiTokens"][number];

/** Tokens of programs: a new one is shown once, an old one is revoked for good. */
export function TokenList() {
  const t = useTexts();
  const { open } = tokensRoute.useSearch();
  const navigate = tokensRoute.useNavigate();
  const [{ apiTokens }, reload] = useScreenQuery<tokenListQuery>(QUERY, {});
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => void navigate({ search: {} });
  const sorted = apiTokens.toSorted((a, b) => Number(a.revokedAt != null) - Number(b.revokedAt != null) || b.createdAt.localeCompare(a.createdAt));
  return (
    <Screen
      title={t.settings.tabs.tokens}
      lead={t.settings.tokens.lead}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => void navigate({ search: { open: "new" } })}>
          {t.settings.tokens.add}
        </Button>
      }
    >
      {secret && (
        <ShownOnce title={t.settings.tokens.ready} label={t.settings.tokens.label} value={secret}>
          {t.settings.tokens.readyLead}
        </ShownOnce>
      )}
      {sorted.length === 0 ? (
        <Empty title={t.settings.tokens.empty}>{t.settings.tokens.emptyLead}</Empty>
      ) : (
        <PlainTable
          label={t.settings.tabs.tokens}
          columns={[
            t.settings.tokens.name,
            t.settings.tokens.state,
            t.settings.permissionsTitle,
            t.settings.lastUsed,
            t.settings.tokens.expires,
            t.common.actions,
          ]}
        >
          {sorted.map((token) => (
            <Row key={token.id} token={token} />
          ))}
        </PlainTable>
      )}
      <Modal opened={open === "new"} onClose={close} size="lg" title={t.settings.tokens.addTitle} closeButtonProps={{ "aria-label": t.common.close }}>
        <TokenForm
          onDone={(made) => {
            setSecret(made);
            close();
            reload();
          }}
        />
      </Modal>
    </Screen>
  );
}

function Row({ token }: { token: Token }) {
  const t = useTexts();
  const now = useNow();
  const [revoke, busy] = useMutationCall<tokenListRevokeMutation>(REVOKE);
  const isEnded = token.expiresAt != null && Date.parse(token.expiresAt) <= now;
  const state = token.revokedAt ? t.settings.tokens.revoked : isEnded ? t.settings.tokens.expired : t.settings.tokens.active;
  const ask = async () => {
    const isSure = await confirm({
      title: t.settings.tokens.revokeTitle(token.name),
      children: t.settings.tokens.revokeLead,
      action: t.settings.tokens.revoke,
    });
    if (!isSure) return;
    const answer = await revoke({ id: token.id });
    if (!answer || notifyRefusal(answer.apiTokenRevoke.userErrors)) return;
    notifyDone(t.settings.tokens.revokeDone(token.name));
  };
  return (
    <Table.Tr data-id={token.id}>
      <Table.Td fw={500}>{token.name}</Table.Td>
      <Table.Td>
        <StatusBadge color={token.revokedAt || isEnded ? "gray" : "teal"}>{state}</StatusBadge>
      </Table.Td>
      <Table.Td>
        <More words={token.permissions.map((permission) => wordOf(t.settings.permissions, permission))}>
          {t.settings.members.permissions(token.permissions.length)}
        </More>
      </Table.Td>
      <Table.Td>{token.lastUsedAt ? <Moment at={token.lastUsedAt} /> : t.settings.never}</Table.Td>
      <Table.Td>{token.expiresAt ? <Moment at={token.expiresAt} /> : t.settings.never}</Table.Td>
      <Table.Td>
        {!token.revokedAt && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="red"
            loading={busy}
            aria-label={t.settings.tokens.revokeOf(token.name)}
            onClick={() => void ask()}
          >
            {t.settings.tokens.revoke}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
