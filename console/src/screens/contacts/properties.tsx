import { Button, Code, Text } from "@mantine/core";
import { useState } from "react";

import { formatNumber } from "../../format/numbers";
import { plainWords } from "../../format/words";
import { useTexts } from "../../texts/texts";

const FEW = 6;

/** What else is known of an activity, as one line; what is long or nested can be opened. */
export function Properties({ value }: { value: unknown }) {
  const { common, contacts } = useTexts();
  const [isOpen, setOpen] = useState(false);
  if (!value || typeof value !== "object") return null;
  const entries = Object.entries(value);
  if (entries.length === 0) return null;
  const isLong = entries.length > FEW || entries.some(([, each]) => each !== null && (typeof each === "object" || String(each).length > 120));
  return (
    <>
      <Text size="sm" c="dimmed" component="div">
        {entries.slice(0, FEW).map(([key, each], index) => (
          <span key={key}>
            {index > 0 && " · "}
            {plainWords(key)}: {short(each, common)}
          </span>
        ))}
        {isLong && (
          <Button size="compact-xs" variant="subtle" ml={4} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? contacts.timeline.less : contacts.timeline.all}
          </Button>
        )}
      </Text>
      {isOpen && <Code block>{JSON.stringify(value, null, 2)}</Code>}
    </>
  );
}

function short(value: unknown, common: { yes: string; no: string }): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? common.yes : common.no;
  if (typeof value === "number") return formatNumber(value, { maximumFractionDigits: 6 });
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
