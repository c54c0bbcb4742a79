import { Card, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";

import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { DraftValues } from "./draft_values";
import type { Template } from "./message_fields";
import { ContactSelect } from "./option_search";
import { useSampleContact } from "./sample_contact";
import { AWAITED, TemplatePreview } from "./template_preview";

const NO_VALUES = {};

/** The message for one contact: a member of the first segment, until another is chosen. */
export function PreviewCard({ template, values }: { template: Template | undefined; values: DraftValues }) {
  const t = useTexts().broadcasts;
  const mayRead = useMay("CONTACT_READ");
  const [chosen, setChosen] = useState<string | null>(null);
  const sample = useSampleContact(chosen, values.include[0] ?? null, mayRead && template !== undefined);
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t.preview}
        </Title>
        {template ? (
          <TemplatePreview template={template} bindings={values.bindings} values={sample === undefined ? undefined : (sample?.values ?? NO_VALUES)} />
        ) : (
          <Text size="sm" c="dimmed">
            {t.chooseTemplate}
          </Text>
        )}
        {template && mayRead && (
          <ContactSelect
            style={sample === undefined ? AWAITED : undefined}
            label={t.previewAs}
            known={sample ? { value: sample.id, label: sample.name } : null}
            value={sample?.id ?? null}
            onChange={setChosen}
          />
        )}
      </Stack>
    </Card>
  );
}
