import { Button, Code, Text } from "@mantine/core";
import { useState } from "react";

import { PathLink } from "../../components/path_link";
import { formatNumber } from "../../format/numbers";
import { plainWords } from "../../format/words";
import { useTexts } from "../../texts/texts";
import { isSenderKey, pathOfSender } from "./senders";
import type { Senders } from "./use_senders";

const FEW = 6;

/** What else is known of an activity, as one line; what is long or nested can be opened. What sent a message is shown by its name. */
export function Properties({ value, senders }: { value: unknown; senders: Senders }) {
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
            {isSenderKey(key) && typeof each === "string" ? (
              <Sender of={contacts.timeline.senders[key]} path={pathOfSender(key, each)} name={senders.names.get(each)} isLoading={senders.isLoading} />
            ) : (
              `${plainWords(key)}: ${short(each, common)}`
            )}
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

/** One that was deleted, or that the viewer may not read, has no name. */
function Sender({ of, path, name, isLoading }: { of: { one: string; unnamed: string }; path: string; name: string | undefined; isLoading: boolean }) {
  if (!name) return <>{isLoading ? `${of.one}: …` : of.unnamed}</>;
  return (
    <>
      {of.one}:{" "}
      <PathLink path={path} fw={600} inherit>
        {name}
      </PathLink>
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
