import { ActionIcon, Alert, Button, Card, Group, SimpleGrid, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";

import { Select } from "../../components/choices";
import { Cut } from "../../components/cut";
import { sentence } from "../../components/notify";
import { texts, useTexts } from "../../texts/texts";
import { withOption, type Choices } from "./import_choices";

type Suggested = { readonly option: string; readonly value: unknown; readonly confidence: number; readonly reason: string };

const CONSENTS = ["OPTED_IN", "OPTED_OUT", "UNKNOWN"] as const;

/** How cells are written: what they suggest is offered, and can be taken or set by hand. */
export function ImportCells({
  choices,
  suggested,
  onChange,
}: {
  choices: Choices;
  suggested: readonly Suggested[];
  onChange: (choices: Choices) => void;
}) {
  const t = useTexts().transfers.import;
  const hasConsent = choices.columns.some(({ field }) => field === "whatsapp_consent");
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t.cellsTitle}
        </Title>
        {suggested.length > 0 && (
          <Alert title={t.suggested}>
            <Stack gap="xs">
              <Text size="sm">{t.suggestedLead}</Text>
              {suggested.map(({ option, value, reason }) => {
                const next = withOption(choices, option, value);
                const isTaken = JSON.stringify(next) === JSON.stringify(choices);
                return (
                  <Group key={option} justify="space-between" wrap="nowrap" align="flex-start">
                    <Text size="sm">
                      <b>{t.options[option] ?? option}</b>
                      {describe(value)}. {sentence(reason)}
                    </Text>
                    <Button size="compact-sm" variant="light" disabled={isTaken} onClick={() => onChange(next)} aria-label={`${t.take}: ${t.options[option] ?? option}`}>
                      {isTaken ? t.taken : t.take}
                    </Button>
                  </Group>
                );
              })}
            </Stack>
          </Alert>
        )}
        <SimpleGrid cols={{ base: 1, sm: 2, md: 4 }} style={{ alignItems: "end" }}>
          <TextInput
            label={t.options.dateFormat}
            description={t.dateFormatHint}
            placeholder="YYYY-MM-DD"
            value={choices.dateFormat}
            onChange={(event) => onChange({ ...choices, dateFormat: event.currentTarget.value })}
          />
          <TextInput
            label={t.options.country}
            description={t.countryHint}
            maxLength={2}
            value={choices.country}
            onChange={(event) => onChange({ ...choices, country: event.currentTarget.value.toUpperCase() })}
          />
          <TextInput
            label={t.options.listSeparator}
            maxLength={1}
            value={choices.listSeparator}
            onChange={(event) => onChange({ ...choices, listSeparator: event.currentTarget.value })}
          />
          <Switch
            label={t.options.decimalComma}
            description={t.decimalCommaHint}
            checked={choices.decimalComma}
            onChange={(event) => onChange({ ...choices, decimalComma: event.currentTarget.checked })}
          />
        </SimpleGrid>
        {(hasConsent || Object.keys(choices.consentValues).length > 0) && <ConsentWords choices={choices} onChange={onChange} />}
      </Stack>
    </Card>
  );
}

/** A suggested value behind a colon, for a person; nothing for a switch. */
function describe(value: unknown): string {
  const meanings: Readonly<Record<string, string>> = texts().transfers.import.consents;
  if (typeof value === "string") return `: ${value}`;
  if (typeof value !== "object" || value === null) return "";
  const words = Object.entries(value).map(([word, meaning]) => `“${word}” = ${meanings[String(meaning)] ?? String(meaning)}`);
  return `: ${words.join(", ")}`;
}

function ConsentWords({ choices, onChange }: { choices: Choices; onChange: (choices: Choices) => void }) {
  const all = useTexts();
  const t = all.transfers.import;
  const [word, setWord] = useState("");
  const set = (consentValues: Record<string, string>) => onChange({ ...choices, consentValues });
  const add = () => {
    if (word.trim()) set({ ...choices.consentValues, [word.trim()]: "OPTED_IN" });
    setWord("");
  };
  return (
    <Stack gap="xs" component="fieldset" style={{ border: 0, padding: 0, margin: 0 }}>
      <Text component="legend" size="sm" fw={500}>
        {t.options.consentValues}
      </Text>
      {Object.entries(choices.consentValues).map(([each, meaning]) => (
        <Group key={each} gap="xs">
          <Cut size="sm" w={140}>
            {each}
          </Cut>
          <Select
            aria-label={t.consentFor(each)}
            data={CONSENTS.map((value) => ({ value, label: t.consents[value] ?? value }))}
            value={meaning}
            onChange={(value) => value && set({ ...choices.consentValues, [each]: value })}
            allowDeselect={false}
            w={180}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`${all.common.delete}: ${each}`}
            onClick={() => set(Object.fromEntries(Object.entries(choices.consentValues).filter(([other]) => other !== each)))}
          >
            <IconX size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Group gap="xs" align="flex-end">
        <TextInput
          label={t.consentAdd}
          value={word}
          onChange={(event) => setWord(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") add();
          }}
        />
        <Button variant="default" leftSection={<IconPlus size={14} />} onClick={add} disabled={!word.trim()}>
          {all.common.add}
        </Button>
      </Group>
    </Stack>
  );
}
