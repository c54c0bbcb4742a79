import { ActionIcon, Group, Paper, Stack, TextInput } from "@mantine/core";
import { IconArrowUp, IconTrash } from "@tabler/icons-react";

import { Segments } from "../../components/segments";
import type { UserError } from "../../relay/commit";
import { RuleEditor } from "../../rules/rule_editor";
import { useTexts } from "../../texts/texts";
import type { catalogue_rules$key } from "../../__generated__/catalogue_rules.graphql";
import type { PartDraft } from "./definition";
import { EachFields } from "./each_fields";
import { NumberBox } from "./number_box";

/** A part of a group: how many points, and for what. `errors` are those below its own path. */
export function PartFields({
  part,
  position,
  catalogue,
  errors,
  onChange,
  onRemove,
  onUp,
}: {
  part: PartDraft;
  position: number;
  catalogue: catalogue_rules$key;
  errors: readonly UserError[];
  onChange: (part: PartDraft) => void;
  onRemove: (() => void) | undefined;
  onUp: (() => void) | undefined;
}) {
  const t = useTexts().scores;
  const about = t.part(part.label, position);
  const errorOf = (...path: string[]) => errors.find(({ field }) => (field ?? []).join(".").endsWith(path.join(".")))?.message;
  return (
    <Paper withBorder p="sm" role="group" aria-label={about}>
      <Stack gap="sm">
        <Group align="flex-start" gap="xs" wrap="wrap">
          <TextInput
            label={t.label}
            required
            flex={1}
            miw={180}
            maxLength={200}
            value={part.label}
            onChange={(event) => onChange({ ...part, label: event.currentTarget.value })}
            error={errorOf("label")}
          />
          <NumberBox
            label={t.points}
            aria-label={`${about}: ${t.points}`}
            title={t.pointsHint}
            required
            w={100}
            value={part.points}
            onChange={(points) => onChange({ ...part, points })}
            error={errorOf("points")}
          />
          <Group gap={4} mt={26}>
            {onUp && (
              <ActionIcon variant="subtle" size="lg" onClick={onUp} aria-label={t.moveUp(about)}>
                <IconArrowUp size={16} />
              </ActionIcon>
            )}
            {onRemove && (
              <ActionIcon variant="subtle" color="red" size="lg" onClick={onRemove} aria-label={t.removePart(about)}>
                <IconTrash size={16} />
              </ActionIcon>
            )}
          </Group>
        </Group>
        <Segments
          label={`${about}: ${t.earned}`}
          isNarrow
          isSmall
          value={part.way}
          onChange={(way) => onChange({ ...part, way })}
          choices={[
            { value: "each", label: t.earnedEach },
            { value: "while", label: t.earnedWhile },
          ]}
        />
        {part.way === "each" ? (
          <EachFields value={part.each} onChange={(each) => onChange({ ...part, each })} about={about} errorOf={errorOf} />
        ) : (
          <RuleEditor
            value={part.rule}
            onChange={(rule) => onChange({ ...part, rule })}
            catalogue={catalogue}
            isNarrow
            findings={{ conditions: [], warnings: [], errors: ruleErrors(errors) }}
          />
        )}
      </Stack>
    </Paper>
  );
}

/** The mistakes in the part's rule, with paths that begin at the rule. */
function ruleErrors(errors: readonly UserError[]): { path: string[]; message: string }[] {
  return errors.flatMap(({ field, message }) => {
    const at = field?.indexOf("while") ?? -1;
    return field && at >= 0 ? [{ path: ["rule", ...field.slice(at + 1)], message }] : [];
  });
}
