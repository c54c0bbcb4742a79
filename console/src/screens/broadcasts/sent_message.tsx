import { Card, Stack, Text, Title } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { LinkTo } from "../../components/link";
import { useMoments } from "../../format/use_moments";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { sentMessage_broadcast$key } from "../../__generated__/sentMessage_broadcast.graphql";
import { sampleOf, useSampleContact } from "./sample_contact";
import { TemplatePreview } from "./template_preview";

const NO_VALUES = {};

/** What is sent, shown for one of its people, and to whose members. */
export function SentMessage({ broadcast }: { broadcast: sentMessage_broadcast$key }) {
  const t = useTexts().broadcasts;
  const mayRead = useMay("CONTACT_READ");
  const { template, parameters, includeSegments, excludeSegments, sample: first } = useFragment(
    graphql`
      fragment sentMessage_broadcast on Broadcast {
        template {
          name
          language
          ...templatePreview_template
        }
        parameters {
          name
          field
          text
          fallback
        }
        sample: recipients(first: 1) @include(if: $mayReadContacts) {
          nodes {
            contact {
              ...sampleContact_contact
            }
          }
        }
        includeSegments @include(if: $mayReadSegments) {
          id
          name
        }
        excludeSegments @include(if: $mayReadSegments) {
          id
          name
        }
      }
    `,
    broadcast,
  );
  const { zone } = useMoments();
  const recipient = first?.nodes[0]?.contact;
  const member = useSampleContact(null, includeSegments?.[0]?.id ?? null, mayRead && !recipient);
  const sample = recipient ? sampleOf(recipient, zone) : member;
  const links = (segments: typeof includeSegments) =>
    segments?.map((segment, index) => (
      <span key={segment.id}>
        {index > 0 && ", "}
        <LinkTo to="/segments/$segmentId" params={{ segmentId: segment.id }} size="sm">
          {segment.name}
        </LinkTo>
      </span>
    ));
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t.message}
        </Title>
        <Text size="sm" c="dimmed">
          {t.template}: {template.name} · {template.language}
          {sample && ` · ${t.previewAs} ${sample.name}`}
        </Text>
        <TemplatePreview template={template} bindings={parameters} values={sample === undefined ? undefined : (sample?.values ?? NO_VALUES)} />
        {includeSegments && includeSegments.length > 0 && (
          <Text size="sm" component="div">
            {t.segmentsIn}: {links(includeSegments)}
          </Text>
        )}
        {excludeSegments && excludeSegments.length > 0 && (
          <Text size="sm" component="div">
            {t.segmentsOut}: {links(excludeSegments)}
          </Text>
        )}
      </Stack>
    </Card>
  );
}
