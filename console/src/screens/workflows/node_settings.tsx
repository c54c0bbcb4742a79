import { Checkbox, Stack, Text, TextInput } from "@mantine/core";

import { Select, TagsInput } from "../../components/choices";
import { SegmentSelect } from "../../components/segment_select";
import { clockAt, instantAt } from "../../rules/zoned";
import { useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";
import { EventForm } from "./event_form";
import { ActivityKindInput, DurationInput, FieldSelect, TimeInput } from "./fields";
import { kindOf, settingsOf, withSettings, type Event, type EventKind, type Graph, type Node, type Rule, type Settings } from "./graph";
import { useOptions } from "./options";
import { PartList } from "./part_list";
import { BranchCases, SplitShares } from "./parts_form";
import { PropertiesInput } from "./properties_input";
import { RuleField } from "./graph_rule";
import { TemplateForm, type Parameter } from "./template_form";
import { WeekdayInput } from "./weekday_input";

type FormProps = { graph: Graph; node: Node; settings: Settings; set: (change: Settings) => void; onChange: (node: Node) => void };

const WAITED_FOR: readonly EventKind[] = [
  "activity",
  "segmentEntered",
  "segmentLeft",
  "fieldChanged",
  "tagAdded",
  "tagRemoved",
  "messageStatus",
];

/** The settings of a node's own kind. */
export function NodeSettings({ graph, node, onChange }: { graph: Graph; node: Node; onChange: (node: Node) => void }) {
  const props: FormProps = {
    graph,
    node,
    settings: settingsOf(node),
    set: (change) => onChange(withSettings(node, change)),
    onChange,
  };
  switch (kindOf(node)) {
    case "condition":
      return <RuleSetting {...props} />;
    case "branch":
      return <BranchCases {...props} />;
    case "split":
      return <SplitShares {...props} />;
    case "wait":
      return <WaitForm {...props} />;
    case "waitUntil":
      return <WaitUntilForm {...props} />;
    case "waitFor":
      return <WaitForForm {...props} />;
    case "segmentAdd":
    case "segmentRemove":
      return <SegmentSetting {...props} />;
    case "segmentKeep":
      return <KeepForm {...props} />;
    case "tagsChange":
      return <TagsForm {...props} />;
    case "fieldSet":
      return <FieldForm {...props} />;
    case "activityRecord":
      return <RecordForm {...props} />;
    case "send":
      return <SendForm {...props} />;
    case "webhook":
      return <WebhookForm {...props} />;
    case "enroll":
      return <EnrollForm {...props} />;
    case "end":
      return <EndForm {...props} />;
  }
}

const text = (value: unknown) => (typeof value === "string" ? value : "");
const words = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);

function RuleSetting({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  return <RuleField label={t.rule} value={settings.rule as Rule} onChange={(rule) => set({ rule })} />;
}

function WaitForm({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  return <DurationInput label={t.for} required value={text(settings.for)} onChange={(value) => set({ for: value ?? "" })} />;
}

function WaitUntilForm({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  const zone = useViewer().workspace.timezone;
  return (
    <Stack gap="xs">
      <TextInput
        type="datetime-local"
        label={t.instant}
        value={clockAt(text(settings.at), zone)}
        onChange={(event) => set({ at: instantAt(event.currentTarget.value, zone) || undefined })}
      />
      <FieldSelect label={t.field} types={["DATE", "DATETIME"]} value={text(settings.field)} onChange={(field) => set({ field: field || undefined })} />
      {settings.field ? (
        <DurationInput label={t.offset} value={text(settings.offset)} onChange={(offset) => set({ offset: offset ?? undefined })} />
      ) : null}
      <TimeInput label={t.time} value={text(settings.time)} onChange={(time) => set({ time: time ?? undefined })} />
      <WeekdayInput value={(settings.weekdays as number[] | undefined) ?? []} onChange={(weekdays) => set({ weekdays: weekdays.length ? weekdays : undefined })} />
      <Select
        label={t.late}
        allowDeselect={false}
        data={(["PROCEED", "SKIP", "END"] as const).map((each) => ({ value: each, label: t.latePolicy[each] }))}
        value={text(settings.late) || "PROCEED"}
        onChange={(late) => set({ late })}
      />
    </Stack>
  );
}

function WaitForForm({ graph, settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  const events = (settings.any ?? []) as Event[];
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {t.events}
      </Text>
      <PartList
        parts={events}
        onChange={(any) => set({ any })}
        add={t.addEvent}
        newPart={() => ({ activity: { kind: "purchase" } })}
        remove={t.removeEvent}
      >
        {(event, setPart) => <EventForm graph={graph} event={event} kinds={WAITED_FOR} onChange={setPart} />}
      </PartList>
      <RuleField label={t.orRule} optional value={(settings.rule as Rule | undefined) ?? null} onChange={(rule) => set({ rule: rule ?? undefined })} />
      <DurationInput label={t.timeout} required value={text(settings.timeout)} onChange={(timeout) => set({ timeout: timeout ?? "" })} />
      <Checkbox
        label={t.lookBack}
        checked={settings.lookBack !== false}
        onChange={(event) => set({ lookBack: event.currentTarget.checked })}
      />
    </Stack>
  );
}

function SegmentSetting({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  return (
    <SegmentSelect label={t.segment} kind="STATIC" value={text(settings.segmentId) || null} onChange={(segment) => set({ segmentId: segment?.id ?? "" })} />
  );
}

function KeepForm(props: FormProps) {
  const t = useTexts().workflows.field;
  const { settings, set } = props;
  return (
    <Stack gap="xs">
      <SegmentSetting {...props} />
      <DurationInput label={t.for} required value={text(settings.for)} onChange={(value) => set({ for: value ?? "" })} />
      <Checkbox label={t.renew} checked={settings.renew !== false} onChange={(event) => set({ renew: event.currentTarget.checked })} />
    </Stack>
  );
}

function TagsForm({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  const { tags = [] } = useOptions();
  return (
    <Stack gap="xs">
      <TagsInput label={t.add} data={[...(tags ?? [])]} value={words(settings.add)} onChange={(add) => set({ add })} />
      <TagsInput label={t.remove} data={[...(tags ?? [])]} value={words(settings.remove)} onChange={(remove) => set({ remove })} />
    </Stack>
  );
}

type How = "value" | "increment" | "now" | "clear";

function FieldForm({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  const { ruleFields = [] } = useOptions();
  const field = (ruleFields ?? []).find((each) => each.key === settings.field);
  const how: How = settings.now ? "now" : typeof settings.increment === "number" ? "increment" : settings.value === null || settings.value === undefined ? "clear" : "value";
  const change: Record<How, Settings> = {
    value: { value: field?.type === "NUMBER" ? 0 : field?.type === "BOOLEAN" ? true : (field?.choices?.[0] ?? " "), increment: undefined, now: false },
    increment: { value: undefined, increment: 1, now: false },
    now: { value: undefined, increment: undefined, now: true },
    clear: { value: null, increment: undefined, now: false },
  };
  return (
    <Stack gap="xs">
      <FieldSelect label={t.field} value={text(settings.field)} onChange={(next) => set({ field: next })} />
      <Select
        label={t.how}
        allowDeselect={false}
        data={(["value", "increment", "now", "clear"] as const).map((each) => ({ value: each, label: t.hows[each] }))}
        value={how}
        onChange={(next) => next && set(change[next as How])}
      />
      {how === "value" && (
        <TextInput
          label={t.value}
          value={String(settings.value)}
          onChange={(event) => set({ value: typedValue(event.currentTarget.value, field?.type) })}
        />
      )}
      {how === "increment" && (
        <TextInput
          label={t.value}
          type="number"
          value={String(settings.increment)}
          onChange={(event) => set({ increment: Number(event.currentTarget.value) })}
        />
      )}
    </Stack>
  );
}

function typedValue(value: string, type: string | undefined): unknown {
  if (type === "NUMBER" && value.trim() !== "" && Number.isFinite(Number(value))) return Number(value);
  if (type === "BOOLEAN" && (value === "true" || value === "false")) return value === "true";
  if (type === "MULTI_CHOICE") return value.split(",").map((part) => part.trim());
  return value;
}

function RecordForm({ settings, set }: FormProps) {
  return (
    <Stack gap="xs">
      <ActivityKindInput value={text(settings.kind)} onChange={(kind) => set({ kind })} />
      <PropertiesInput value={(settings.properties ?? {}) as Record<string, unknown>} onChange={(properties) => set({ properties })} />
    </Stack>
  );
}

function SendForm({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  return (
    <Stack gap="xs">
      <TemplateForm templateId={text(settings.templateId)} parameters={(settings.parameters ?? []) as Parameter[]} onChange={set} />
      <Checkbox label={t.requireOptIn} checked={settings.requireOptIn !== false} onChange={(event) => set({ requireOptIn: event.currentTarget.checked })} />
      <Checkbox label={t.ignoreCap} checked={settings.ignoreCap === true} onChange={(event) => set({ ignoreCap: event.currentTarget.checked })} />
    </Stack>
  );
}

function WebhookForm({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  const { webhookEndpoints = [] } = useOptions();
  return (
    <Stack gap="xs">
      <Select
        label={t.endpoint}
        allowDeselect={false}
        data={(webhookEndpoints ?? []).map((endpoint) => ({ value: endpoint.id, label: endpoint.url }))}
        value={text(settings.endpointId) || null}
        onChange={(endpointId) => set({ endpointId })}
      />
      <PropertiesInput value={(settings.body ?? {}) as Record<string, unknown>} onChange={(body) => set({ body })} />
    </Stack>
  );
}

function EnrollForm({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  const { workflows } = useOptions();
  return (
    <Select
      label={t.workflow}
      searchable
      allowDeselect={false}
      data={workflows.nodes.map((workflow) => ({ value: workflow.id, label: workflow.name }))}
      value={text(settings.workflowId) || null}
      onChange={(workflowId) => set({ workflowId })}
    />
  );
}

function EndForm({ settings, set }: FormProps) {
  const t = useTexts().workflows.field;
  return <TextInput label={t.outcome} value={text(settings.outcome) || "done"} onChange={(event) => set({ outcome: event.currentTarget.value })} />;
}
