import { Button, Card, Divider, Group, Radio, Stack, Switch } from "@mantine/core";

import { TagsInput } from "../../components/choices";
import { SegmentSelect } from "../../components/segment_select";
import { errorOf, type UserError } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { ImportOptionsInput } from "../../__generated__/importStartMutation.graphql";
import type { Choices } from "./import_choices";
import { Problems } from "./import_problems";
import { SaveMapping } from "./import_saved";

/** The third step: what to do with contacts that are here already, and what all of them get. */
export function ImportPolicies({
  choices,
  onChange,
  options,
  errors,
  busy,
  onBack,
  onNext,
}: {
  choices: Choices;
  onChange: (choices: Choices) => void;
  options: ImportOptionsInput | null;
  errors: readonly UserError[];
  busy: boolean;
  onBack: () => void;
  onNext: () => void;
}) {
  const t = useTexts();
  const mayJoin = useMay("SEGMENT_READ", "SEGMENT_WRITE");
  return (
    <Stack>
      <Problems errors={errors} options={options} />
      <Card withBorder>
        <Stack>
          <Radio.Group
            label={t.transfers.import.known}
            value={choices.overwrite ? "update" : "skip"}
            onChange={(value) => onChange({ ...choices, overwrite: value === "update" })}
          >
            <Stack gap="xs" mt="xs">
              <Radio value="update" label={t.transfers.import.knownUpdate} />
              <Radio value="skip" label={t.transfers.import.knownSkip} />
            </Stack>
          </Radio.Group>
          <Switch
            label={t.transfers.import.create}
            description={t.transfers.import.createLead}
            checked={choices.create}
            onChange={(event) => onChange({ ...choices, create: event.currentTarget.checked })}
          />
          <Switch
            label={t.transfers.import.replaceExternalId}
            description={t.transfers.import.replaceExternalIdLead}
            checked={choices.replaceExternalId}
            onChange={(event) => onChange({ ...choices, replaceExternalId: event.currentTarget.checked })}
          />
          <Divider />
          {mayJoin && (
            <SegmentSelect
              label={t.transfers.import.segment}
              description={t.transfers.import.segmentLead}
              placeholder={t.transfers.import.segmentChoose}
              kind="STATIC"
              value={choices.addToSegmentId}
              error={errorOf(errors, "addToSegmentId")}
              onChange={(segment) => onChange({ ...choices, addToSegmentId: segment?.id ?? null })}
              maw={480}
            />
          )}
          <TagsInput
            label={t.transfers.import.tags}
            description={t.transfers.import.tagsLead}
            value={choices.addTags.slice()}
            error={errorOf(errors, "addTags")}
            onChange={(addTags) => onChange({ ...choices, addTags })}
            maw={480}
            clearButtonProps={{ "aria-label": t.common.clear }}
          />
          {options && (
            <>
              <Divider />
              <SaveMapping options={options} />
            </>
          )}
        </Stack>
      </Card>
      <Group justify="space-between">
        <Button variant="default" onClick={onBack}>
          {t.common.back}
        </Button>
        <Button onClick={onNext} loading={busy}>
          {t.transfers.import.toCheck}
        </Button>
      </Group>
    </Stack>
  );
}
