import { Alert, Card, Skeleton, Stack, Text } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { Suspense } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";

import { ContactSelect } from "../../components/contact_select";
import { Moment } from "../../components/moment";
import { RuleTruth } from "../../components/rule_truth";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { whyQuery } from "../../__generated__/whyQuery.graphql";
import { segmentRoute } from "./routes";
import type { ShownSegment } from "./segment_page";
import classes from "./segments.module.css";

const QUERY = graphql`
  query whyQuery($segment: ID!, $contact: ID!, $mayReadContacts: Boolean!) {
    contact(id: $contact) {
      name
      email
      phone
    }
    segmentExplain(segmentId: $segment, contactId: $contact) {
      member
      override
      since
      rule {
        ...ruleTruth_rule
      }
    }
  }
`;

/** Looks up a contact, and says why it is in the segment or is not. */
export function Why({ segment }: { segment: ShownSegment }) {
  const t = useTexts().segments;
  const { contact } = segmentRoute.useSearch();
  const navigate = segmentRoute.useNavigate();
  const mayContacts = useMay("CONTACT_READ");
  if (!mayContacts) return null;
  return (
    <div className={classes.stack}>
      <ContactSelect
        label={t.pickContact}
        description={t.whyLead}
        maw={480}
        value={contact ?? null}
        onChange={(chosen) => void navigate({ search: { tab: "why", contact: chosen?.id }, replace: true })}
      />
      {contact && (
        <Suspense fallback={<Skeleton height={160} />}>
          <Answer segment={segment} contactId={contact} />
        </Suspense>
      )}
    </div>
  );
}

function Answer({ segment, contactId }: { segment: ShownSegment; contactId: string }) {
  const t = useTexts();
  const data = useLazyLoadQuery<whyQuery>(
    QUERY,
    { segment: segment.id, contact: contactId, mayReadContacts: true },
    { fetchPolicy: "network-only", fetchKey: `${segment.memberCount} ${segment.computedAt}` },
  );
  const { member, override, since, rule } = data.segmentExplain;
  const name = data.contact?.name || data.contact?.email || data.contact?.phone || t.rules.nameless;
  return (
    <Card withBorder padding="md">
      <Stack gap="sm">
        <Alert
          color={member ? "teal" : "gray"}
          icon={member ? <IconCheck size={18} /> : <IconX size={18} />}
          title={member ? t.segments.whyIn(name) : t.segments.whyOut(name)}
          role="status"
        >
          {since && (
            <div>
              {t.segments.whySince} <Moment at={since} />
            </div>
          )}
          {override && <div>{override === "INCLUDE" ? t.segments.whyOverrideIn : t.segments.whyOverrideOut}</div>}
        </Alert>
        {rule ? <RuleTruth rule={rule} /> : <Text size="sm">{t.segments.whyStatic}</Text>}
      </Stack>
    </Card>
  );
}
