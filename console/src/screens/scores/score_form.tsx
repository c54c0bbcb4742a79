import { Alert, Button, Card, Grid, Group, Stack, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";

import { FormTitle, TextField } from "../../components/form_parts";
import { GrowingTextarea } from "../../components/growing_textarea";
import { Words } from "../../components/words";
import { errorOf, type UserError } from "../../relay/commit";
import { CatalogueProvider } from "../../rules/catalogue";
import { useTexts } from "../../texts/texts";
import type { catalogue_rules$key } from "../../__generated__/catalogue_rules.graphql";
import type { ScoreModelInput } from "../../__generated__/scorePreviewQuery.graphql";
import { inputOf, keyOf, newGroup, previewInputOf, type GroupDraft, type ScoreDraft } from "./definition";
import { GroupFields } from "./group_fields";
import { LevelFields } from "./level_fields";
import { LimitFields } from "./limit_fields";
import { KEY_ID, NAME_ID } from "./new_score_first_view";
import classes from "./score_form.module.css";
import { ScorePreview } from "./score_preview";

/** Writes the definition of a score, beside who would have which value by it. `isNew`: its key can be chosen. */
export function ScoreForm({
  first,
  catalogue,
  isNew = false,
  errors,
  isBusy,
  submitLabel,
  onSubmit,
  notice,
}: {
  first: () => ScoreDraft;
  catalogue: catalogue_rules$key;
  isNew?: boolean;
  errors: readonly UserError[];
  isBusy: boolean;
  submitLabel: string;
  onSubmit: (input: ScoreModelInput) => void;
  notice?: ReactNode;
}) {
  const t = useTexts().scores;
  const [draft, setDraft] = useState(first);
  const [isKeyOwn, setKeyOwn] = useState(false);
  const input = inputOf(draft);
  const setGroup = (at: number, group: GroupDraft) =>
    setDraft((before) => ({ ...before, groups: before.groups.map((each, index) => (index === at ? group : each)) }));
  const own = errors.filter(({ field }) => !field?.includes("groups") && !field?.includes("levels"));
  const general = own.filter(({ field }) => !["key", "name", "description", "minimum", "version"].includes(field?.at(-1) ?? ""));
  return (
    <CatalogueProvider catalogue={catalogue}>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              if (input) onSubmit(input);
            }}
          >
            <Stack>
              {notice}
              <Card withBorder>
                <Stack gap="sm">
                  <div className={classes.names}>
                    <TextField
                      id={NAME_ID}
                      label={t.name}
                      isRequired
                      required
                      maxLength={200}
                      value={draft.name}
                      onChange={(event) => {
                        const name = event.currentTarget.value;
                        setDraft((before) => ({ ...before, name, key: isNew && !isKeyOwn ? keyOf(name) : before.key }));
                      }}
                      error={errorOf(own, "name")}
                    />
                    <TextField
                      id={KEY_ID}
                      label={t.key}
                      hint={t.keyHint}
                      isHintBelow
                      isRequired
                      required
                      disabled={!isNew}
                      maxLength={40}
                      value={draft.key}
                      onChange={(event) => {
                        setKeyOwn(true);
                        setDraft({ ...draft, key: event.currentTarget.value });
                      }}
                      error={errorOf(own, "key")}
                    />
                  </div>
                  <GrowingTextarea
                    label={t.description}
                    minRows={1}
                    maxRows={5}
                    value={draft.description}
                    onChange={(event) => setDraft({ ...draft, description: event.currentTarget.value })}
                    error={errorOf(own, "description")}
                  />
                  <LimitFields
                    about={t.limits}
                    value={draft}
                    onChange={(limits) => setDraft({ ...draft, ...limits })}
                    error={errorOf(own, "minimum")}
                  />
                </Stack>
              </Card>
              <div className={classes.groups}>
                <FormTitle>{t.groups}</FormTitle>
                <Words isDimmed>{t.groupHint}</Words>
              </div>
              {draft.groups.map((group, index) => (
                <GroupFields
                  key={group.id}
                  group={group}
                  position={index + 1}
                  catalogue={catalogue}
                  errors={errors.filter(({ field }) => {
                    const at = field?.indexOf("groups") ?? -1;
                    return at >= 0 && field?.[at + 1] === String(index);
                  })}
                  onChange={(next) => setGroup(index, next)}
                  onRemove={
                    draft.groups.length > 1 ? () => setDraft({ ...draft, groups: draft.groups.filter((each) => each !== group) }) : undefined
                  }
                />
              ))}
              <Button
                variant="light"
                w="fit-content"
                leftSection={<IconPlus size={16} />}
                onClick={() => setDraft({ ...draft, groups: [...draft.groups, newGroup()] })}
              >
                {t.addGroup}
              </Button>
              <Card withBorder>
                <Title order={2} size="h4" mb="sm">
                  {t.levels}
                </Title>
                <LevelFields levels={draft.levels} onChange={(levels) => setDraft({ ...draft, levels })} errors={errors} />
              </Card>
              {general.length > 0 && (
                <Alert color="red" role="alert">
                  {general.map(({ message }) => (
                    <div key={message}>{message}</div>
                  ))}
                </Alert>
              )}
              <Group justify="space-between">
                <Text size="sm" c="dimmed" flex={1} miw={200}>
                  {input ? "" : t.missing}
                </Text>
                <Button type="submit" loading={isBusy} disabled={!input}>
                  {submitLabel}
                </Button>
              </Group>
            </Stack>
          </form>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <div style={{ position: "sticky", top: 72 }}>
            <ScorePreview input={previewInputOf(draft)} title={t.preview} lead={t.previewLead} showText />
          </div>
        </Grid.Col>
      </Grid>
    </CatalogueProvider>
  );
}
