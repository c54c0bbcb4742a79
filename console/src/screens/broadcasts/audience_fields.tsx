import { Card, Stack, Switch, Text, Title } from "@mantine/core";

import { errorOf, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { DraftValues } from "./draft_values";
import { SegmentMultiSelect, type Option } from "./option_search";

/** Who gets a broadcast: segments in, segments out, and the consent that it asks for. `isFixed`: a retry keeps its people. */
export function AudienceFields({
  values,
  known,
  onChange,
  errors,
  isFixed = false,
}: {
  values: DraftValues;
  known: readonly Option[];
  onChange: (values: DraftValues) => void;
  errors: readonly UserError[];
  isFixed?: boolean;
}) {
  const t = useTexts().broadcasts;
  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h4">
          {t.audience}
        </Title>
        {isFixed ? (
          <Text size="sm">{t.retryAudience}</Text>
        ) : (
          <>
            <SegmentMultiSelect
              label={t.include}
              description={t.includeHint}
              required
              known={known}
              value={[...values.include]}
              onChange={(include) => onChange({ ...values, include })}
              error={errors.find(({ field }) => field?.includes("includeSegmentIds"))?.message}
            />
            <SegmentMultiSelect
              label={t.exclude}
              known={known}
              value={[...values.exclude]}
              onChange={(exclude) => onChange({ ...values, exclude })}
              error={errors.find(({ field }) => field?.includes("excludeSegmentIds"))?.message}
            />
          </>
        )}
        <Switch
          label={t.requireOptIn}
          description={t.requireOptInHint}
          checked={values.requireOptIn}
          onChange={(event) => onChange({ ...values, requireOptIn: event.currentTarget.checked })}
          error={errorOf(errors, "requireOptIn")}
        />
      </Stack>
    </Card>
  );
}
