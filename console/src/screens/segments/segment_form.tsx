import { Alert, Button, Card, Group, Radio, Stack, Text, Title } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { confirm } from "../../components/confirm";
import { TextField } from "../../components/form_parts";
import { GrowingTextarea } from "../../components/growing_textarea";
import { PreviewPanel } from "../../rules/preview_panel";
import { isComplete, isEmptyRule, usesActivities, type RuleInput } from "../../rules/rule";
import { RuleEditor, type RuleForm } from "../../rules/rule_editor";
import { useRulePreview, type RuleFindings } from "../../rules/use_rule_preview";
import { errorOf, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { catalogue_rules$key } from "../../__generated__/catalogue_rules.graphql";
import { KINDS } from "./choices";
import { NAME_ID } from "./segment_new_first_view";
import type { SegmentKind } from "./routes";
import form from "./segment_form.module.css";
import classes from "./segments.module.css";

export type SegmentValues = { name: string; description: string; kind: SegmentKind; rule: RuleInput };

/**
 * The form of a new segment and of one that is there: `saved` is what was read, with its id. `onSave` gives the user errors; none when it was
 * saved, and then the form no longer asks before it is left.
 */
export function SegmentForm({
  values,
  onChange,
  saved,
  savedText,
  catalogue,
  busy,
  onSave,
  actions,
  form: shown,
  onForm,
}: {
  values: SegmentValues;
  onChange: (values: SegmentValues) => void;
  saved?: { id: string; values: SegmentValues };
  savedText?: string | null;
  catalogue: catalogue_rules$key;
  busy: boolean;
  onSave: (values: SegmentValues) => Promise<readonly UserError[]>;
  actions: ReactNode;
  form?: RuleForm;
  onForm: (form: RuleForm) => void;
}) {
  const t = useTexts();
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [tried, setTried] = useState<RuleInput | null>(null);
  const isStatic = values.kind === "STATIC";
  const isDirty = saved ? differs(values, saved.values) : values.name !== "" || !isEmptyRule(values.rule);
  useLeaveGuard(isDirty && !busy);

  const live = useRulePreview(isStatic ? null : values.rule, { compareTo: saved?.id });
  const refused = errors.filter(({ field }) => field?.includes("rule")).map(({ field, message }) => ({ path: pathIn(field), message }));
  const findings: RuleFindings =
    tried === values.rule && refused.length > 0 ? { ...live.findings, errors: refused } : live.findings;
  const other = errors.filter((error) => !error.field?.includes("rule") && !errorOf([error], "name") && !errorOf([error], "description"));
  const ruleProblem =
    tried !== values.rule || isStatic || isComplete(values.rule) ? null : isEmptyRule(values.rule) ? t.segments.ruleMissing : t.segments.ruleIncomplete;

  const save = async () => {
    setTried(values.rule);
    if (!isStatic && !isComplete(values.rule)) return;
    setErrors(await onSave(values));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack gap="lg">
        <Card withBorder padding="md">
          <Stack gap="sm">
            <div className={form.twoColumns}>
              <TextField
                id={NAME_ID}
                label={t.segments.name}
                required
                maxLength={200}
                value={values.name}
                error={errorOf(errors, "name")}
                onChange={(event) => onChange({ ...values, name: event.currentTarget.value })}
              />
              <GrowingTextarea
                label={t.segments.description}
                placeholder={t.segments.optional}
                minRows={1}
                maxRows={4}
                maxLength={2000}
                value={values.description}
                error={errorOf(errors, "description")}
                onChange={(event) => onChange({ ...values, description: event.currentTarget.value })}
              />
            </div>
            {!saved && <KindChoice kind={values.kind} rule={values.rule} onChange={(kind) => onChange({ ...values, kind })} />}
          </Stack>
        </Card>
        {isStatic ? (
          <Text size="sm" c="dimmed">
            {t.segments.notDynamic}
          </Text>
        ) : (
          <Card withBorder padding="md">
            <Stack gap="sm">
              <Title order={2} size="h4">
                {t.segments.rule}
              </Title>
              {ruleProblem && (
                <Alert color="red" role="alert">
                  {ruleProblem}
                </Alert>
              )}
              <RuleEditor
                value={values.rule}
                onChange={(rule) => onChange({ ...values, rule })}
                findings={findings}
                mayActivities={values.kind === "DYNAMIC_PLUS"}
                catalogue={catalogue}
                text={savedText}
                form={shown}
                onForm={onForm}
                hint={
                  <Text size="xs" c="dimmed" className={classes.keys}>
                    {t.rules.keys}
                  </Text>
                }
                aside={<PreviewPanel rule={values.rule} {...live} />}
              />
            </Stack>
          </Card>
        )}
        {other.length > 0 && (
          <Alert color="red" role="alert">
            {other.map(({ message }) => (
              <div key={message}>{message}</div>
            ))}
          </Alert>
        )}
        <Group className={classes.bar}>
          <Button type="submit" loading={busy}>
            {saved ? t.common.save : t.segments.create}
          </Button>
          {actions}
        </Group>
      </Stack>
    </form>
  );
}

/** The part of a user error's path that is inside of the rule. */
function pathIn(field: UserError["field"]): readonly string[] {
  const path = field ?? [];
  return path.slice(path.indexOf("rule"));
}

function differs(one: SegmentValues, other: SegmentValues): boolean {
  return one.name !== other.name || one.description !== other.description || JSON.stringify(one.rule) !== JSON.stringify(other.rule);
}

function KindChoice({ kind, rule, onChange }: { kind: SegmentKind; rule: RuleInput; onChange: (kind: SegmentKind) => void }) {
  const t = useTexts().segments;
  const hasActivities = usesActivities(rule);
  return (
    <Radio.Group label={t.kind} description={t.kindStays} value={kind} onChange={(next) => onChange(KINDS.find((each) => each === next) ?? kind)}>
      <div className={form.kinds}>
        {KINDS.map((each) => (
          <Radio
            key={each}
            value={each}
            label={t.kinds[each]}
            description={t.kindLeads[each]}
            disabled={hasActivities && each === "DYNAMIC"}
            className={form.kind}
          />
        ))}
      </div>
    </Radio.Group>
  );
}

/** Asks before what was typed is lost. */
function useLeaveGuard(isDirty: boolean): void {
  const t = useTexts().segments;
  useBlocker({
    shouldBlockFn: async ({ current, next }) => {
      if (!isDirty || current.pathname === next.pathname) return false;
      return !(await confirm({ title: t.leaveTitle, children: t.leaveLead, action: t.leave }));
    },
    enableBeforeUnload: isDirty,
  });
}
