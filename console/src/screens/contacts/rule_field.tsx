import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconFilter } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useState } from "react";
import { graphql } from "relay-runtime";

import { useRead } from "../../relay/read";
import { useTexts } from "../../texts/texts";
import type { ruleFieldQuery } from "../../__generated__/ruleFieldQuery.graphql";
import classes from "./rule_field.module.css";

const QUERY = graphql`
  query ruleFieldQuery($query: String!) {
    ruleFromQuery(query: $query) {
      rule
      errors {
        message
        start
        replacement
      }
    }
  }
`;

/** A rule as text, tried when the typing pauses: one that cannot be read is told here and filters nothing. */
export function RuleField({ value, onChange }: { value: string; onChange: (rule: string) => void }) {
  const t = useTexts().contacts.filters;
  const [typed, setTyped] = useState(value);
  const [shown, setShown] = useState(value);
  if (value !== shown) {
    setShown(value);
    if (value !== typed.trim()) setTyped(value);
  }
  const [settled] = useDebouncedValue(typed, 350);
  const query = settled.trim();
  const { data, isLoading } = useRead<ruleFieldQuery>(QUERY, query ? { query } : null);
  const isAnswered = query === typed.trim() && !isLoading;
  const error = query && isAnswered ? data?.ruleFromQuery.errors[0] : undefined;
  const tell = useEffectEvent((rule: string) => {
    if (rule !== value) onChange(rule);
  });
  const usable = !query ? "" : isAnswered && data?.ruleFromQuery.rule && !error ? query : null;
  useEffect(() => {
    if (usable !== null && usable === settled.trim()) tell(usable);
  }, [usable, settled]);

  return (
    <TextInput
      leftSection={<IconFilter size={16} />}
      aria-label={t.rule}
      placeholder={t.rulePlaceholder}
      classNames={{ input: classes.input }}
      spellCheck={false}
      autoComplete="off"
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      error={error && `${error.message}${error.replacement ? ` ${t.write(error.replacement)}` : ""}`}
    />
  );
}
