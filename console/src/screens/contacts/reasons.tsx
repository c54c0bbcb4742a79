import { Text } from "@mantine/core";

import { useTexts } from "../../texts/texts";

/** Why two contacts may be one person. The API says it in English; the usual reasons have words of their own. */
export function Reasons({ reasons }: { reasons: readonly string[] }) {
  const known: Readonly<Record<string, string>> = useTexts().contacts.duplicates.reasons;
  return (
    <Text size="xs" c="dimmed">
      {reasons.map((reason) => known[reason] ?? reason).join(" ")}
    </Text>
  );
}
