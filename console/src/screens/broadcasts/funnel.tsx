import { Card, Group, Loader, Text, Title, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import type { CSSProperties, ReactNode } from "react";
import { graphql, useFragment } from "react-relay";

import { formatNumber } from "../../format/numbers";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { funnel_broadcast$key, ExclusionReason } from "../../__generated__/funnel_broadcast.graphql";
import classes from "./funnel.module.css";
import { EXCLUSIONS } from "./routes";

/** The words for why people are left out: a retry means others by two of them. */
export function useExclusionWords(isRetry: boolean): (reason: ExclusionReason) => string {
  const t = useTexts().broadcasts;
  return (reason) => (isRetry ? (t.retryExclusions[reason] ?? t.exclusions[reason]) : t.exclusions[reason]);
}

/**
 * Who gets a broadcast: those in its segments, less each reason to be left out, are those who get it. Each number of people left
 * out opens them (`onOpen`).
 */
export function Funnel({
  broadcast,
  onOpen,
  onRecipients,
  isCounting = false,
}: {
  broadcast: funnel_broadcast$key;
  onOpen: (reason: ExclusionReason) => void;
  onRecipients?: () => void;
  isCounting?: boolean;
}) {
  const t = useTexts();
  const { status, retryOf, audience } = useFragment(
    graphql`
      fragment funnel_broadcast on Broadcast {
        status
        retryOf {
          id
        }
        audience {
          recipients
          exclusions {
            reason
            count
          }
        }
      }
    `,
    broadcast,
  );
  const isRetry = retryOf != null;
  const words = useExclusionWords(isRetry);
  const mayOpen = useMay("CONTACT_READ");
  const total = audience.exclusions.reduce((sum, { count }) => sum + count, audience.recipients);
  const started = status !== "DRAFT" && status !== "SCHEDULED" && status !== "PREPARING";
  const exclusions = EXCLUSIONS.flatMap((reason) => audience.exclusions.find((each) => each.reason === reason) ?? []);
  const leftAfter = (index: number) => exclusions.slice(0, index + 1).reduce((left, { count }) => left - count, total);
  return (
    <Card withBorder>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          {isRetry ? t.broadcasts.funnelRetry : started ? t.broadcasts.funnelDone : t.broadcasts.funnel}
        </Title>
        {isCounting && <Loader size="xs" aria-label={t.common.loading} />}
      </Group>
      <ol className={classes.list} aria-live="polite" aria-busy={isCounting}>
        <li>
          <Step kind="in" count={total} from={0} total={total}>
            {isRetry ? t.broadcasts.toTryAgain : t.broadcasts.inSegments}
          </Step>
        </li>
        {exclusions.map(({ reason, count }, index) => (
          <li key={reason}>
            <Step kind="out" count={count} from={leftAfter(index)} total={total} onOpen={mayOpen ? () => onOpen(reason) : undefined}>
              {words(reason)}
            </Step>
          </li>
        ))}
        <li>
          <Step kind="will" count={audience.recipients} from={0} total={total} onOpen={started ? onRecipients : undefined}>
            {started ? t.broadcasts.received : t.broadcasts.willReceive}
          </Step>
        </li>
      </ol>
    </Card>
  );
}

function Step({
  kind,
  count,
  from,
  total,
  onOpen,
  children,
}: {
  kind: "in" | "out" | "will";
  count: number;
  from: number;
  total: number;
  onOpen?: () => void;
  children: ReactNode;
}) {
  const share = (value: number) => `${total ? (value / total) * 100 : 0}%`;
  const style = { "--from": share(from), "--share": share(count) } as CSSProperties;
  const content = (
    <>
      <Text span size="sm" fw={kind === "out" ? 400 : 600}>
        {kind === "out" && <span aria-hidden>− </span>}
        {children}
      </Text>
      <Group gap={4} wrap="nowrap">
        <Text span size="sm" fw={kind === "out" ? 500 : 650} className="numeric">
          {formatNumber(count)}
        </Text>
        {onOpen ? <IconChevronRight size={14} aria-hidden /> : <span style={{ width: 14 }} />}
      </Group>
      <span className={classes.bar} aria-hidden>
        {count > 0 && <span className={classes.part} data-kind={kind} style={style} />}
      </span>
    </>
  );
  if (!onOpen) return <div className={classes.row}>{content}</div>;
  return (
    <UnstyledButton className={classes.row} onClick={onOpen}>
      {content}
    </UnstyledButton>
  );
}
