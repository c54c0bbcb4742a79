import { Radio, Stack } from "@mantine/core";

import { wordOf } from "../../format/words";
import { useTexts } from "../../texts/texts";
import type { AudienceMode } from "../../__generated__/audienceFormMutation.graphql";
import { AUDIENCE_MODES } from "./audience_words";

/** How an audience follows its segment. */
export function AudienceModeField({
  value,
  onChange,
  error,
}: {
  value: AudienceMode;
  onChange: (mode: AudienceMode) => void;
  error: string | undefined;
}) {
  const words = useTexts().destinations.meta;
  return (
    <Radio.Group
      label={words.mode}
      value={value}
      onChange={(chosen) => onChange(AUDIENCE_MODES.find((each) => each === chosen) ?? "MIRROR")}
      error={error}
    >
      <Stack gap="xs" mt={4}>
        {AUDIENCE_MODES.map((each) => (
          <Radio key={each} value={each} label={wordOf(words.modes, each)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
