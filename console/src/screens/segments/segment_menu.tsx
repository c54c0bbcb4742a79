import { ActionIcon, Menu } from "@mantine/core";
import { IconCalculator, IconCopy, IconDots, IconFileExport, IconSend, IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { graphql, useRelayEnvironment } from "react-relay";
import { fetchQuery } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { notifyDone, notifyOfError } from "../../components/notify";
import { ApiError } from "../../relay/api_error";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { segmentMenuDeleteMutation } from "../../__generated__/segmentMenuDeleteMutation.graphql";
import type { segmentMenuQuery } from "../../__generated__/segmentMenuQuery.graphql";
import type { segmentMenuRecomputeMutation } from "../../__generated__/segmentMenuRecomputeMutation.graphql";
import { Duplicate } from "./duplicate";
import type { ShownSegment } from "./segment_page";
import { useRestore } from "./use_restore";

const USES = graphql`
  query segmentMenuQuery($id: ID!) {
    segment(id: $id) {
      memberCount
      uses(first: 50) {
        nodes {
          id
          kind
          label
          active
        }
      }
    }
  }
`;

const DELETE = graphql`
  mutation segmentMenuDeleteMutation($id: ID!, $force: Boolean!) {
    segmentDelete(id: $id, force: $force) {
      userErrors {
        code
        message
      }
    }
  }
`;

const RECOMPUTE = graphql`
  mutation segmentMenuRecomputeMutation($id: ID!) {
    segmentRecompute(id: $id) {
      job {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`;

type UserErrors = readonly { code: string; message: string }[];

function isRefused([error]: UserErrors): boolean {
  if (error) notifyOfError(new ApiError(error.code, error.message));
  return error !== undefined;
}

/** What else can be done with a segment. */
export function SegmentMenu({ segment, onRecompute }: { segment: ShownSegment; onRecompute: (jobId: string) => void }) {
  const t = useTexts();
  const environment = useRelayEnvironment();
  const navigate = useNavigate();
  const [isDuplicating, setDuplicating] = useState(false);
  const [remove] = useMutationCall<segmentMenuDeleteMutation>(DELETE);
  const [recompute] = useMutationCall<segmentMenuRecomputeMutation>(RECOMPUTE);
  const [restore] = useRestore();
  const mayWrite = useMay("SEGMENT_WRITE");
  const mayExport = useMay("CONTACT_EXPORT");
  const mayBroadcast = useMay("BROADCAST_SEND");
  const isStatic = segment.kind === "STATIC";

  const computeAgain = async () => {
    const answer = await recompute({ id: segment.id });
    if (!answer || isRefused(answer.segmentRecompute.userErrors)) return;
    if (answer.segmentRecompute.job) onRecompute(answer.segmentRecompute.job.id);
  };
  const ask = async () => {
    const data = await fetchQuery<segmentMenuQuery>(environment, USES, { id: segment.id }, { fetchPolicy: "network-only" }).toPromise();
    const uses = data?.segment?.uses.nodes.filter(({ active }) => active) ?? [];
    const isSure = await confirm({
      title: t.segments.deleteTitle(segment.name),
      children: (
        <>
          {t.segments.deleteLead(data?.segment?.memberCount ?? segment.memberCount)}
          {uses.length > 0 && (
            <>
              <br />
              <br />
              {t.segments.deleteUsed}
              <ul>
                {uses.map(({ id, kind, label }) => (
                  <li key={id}>
                    {t.segments.useKinds[kind]}: {label}
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      ),
      action: uses.length > 0 ? t.segments.deleteAnyway : t.segments.delete,
    });
    if (!isSure) return;
    const answer = await remove({ id: segment.id, force: uses.length > 0 });
    if (!answer || isRefused(answer.segmentDelete.userErrors)) return;
    await navigate({ to: "/segments" });
    notifyDone(t.segments.deleted(segment.name), async () => {
      if (await restore(segment.id)) await navigate({ to: "/segments/$segmentId", params: { segmentId: segment.id } });
    });
  };
  return (
    <>
      <Menu position="bottom-end" width={220} withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={t.segments.more}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {mayBroadcast && (
            <Menu.Item
              leftSection={<IconSend size={16} />}
              onClick={() => void navigate({ href: `/broadcasts/new?segment=${encodeURIComponent(segment.id)}` })}
            >
              {t.segments.sendBroadcast}
            </Menu.Item>
          )}
          {mayExport && (
            <Menu.Item
              leftSection={<IconFileExport size={16} />}
              onClick={() => void navigate({ to: "/transfers/export", search: { segment: segment.id } })}
            >
              {t.segments.export}
            </Menu.Item>
          )}
          {mayWrite && (
            <Menu.Item leftSection={<IconCopy size={16} />} onClick={() => setDuplicating(true)}>
              {t.segments.duplicate}
            </Menu.Item>
          )}
          {mayWrite && !isStatic && (
            <Menu.Item leftSection={<IconCalculator size={16} />} onClick={computeAgain}>
              {t.segments.recompute}
            </Menu.Item>
          )}
          {mayWrite && (
            <>
              <Menu.Divider />
              <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={ask}>
                {t.segments.delete}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {isDuplicating && <Duplicate segment={segment} onClose={() => setDuplicating(false)} />}
    </>
  );
}
