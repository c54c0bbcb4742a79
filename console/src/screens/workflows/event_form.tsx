import { Checkbox, Stack, TextInput } from "@mantine/core";

import { Autocomplete, MultiSelect, Select } from "../../components/choices";
import { SegmentSelect } from "../../components/segment_select";
import { useTexts } from "../../texts/texts";
import { ActivityFilters } from "./activity_filters";
import { ActivityKindInput, DurationInput, FieldSelect, TimeInput } from "./fields";
import { eventKindOf, kindOf, type Event, type EventKind, type Graph } from "./graph";
import { useOptions } from "./options";

const FIRST: Record<EventKind, Event> = {
  segmentEntered: { segmentEntered: "" },
  segmentLeft: { segmentLeft: "" },
  activity: { activity: { kind: "purchase" } },
  contactCreated: { contactCreated: true },
  fieldChanged: { fieldChanged: ["email"] },
  tagAdded: { tagAdded: "" },
  tagRemoved: { tagRemoved: "" },
  date: { date: { field: "date_of_birth", yearly: true, at: "10:00" } },
  schedule: { schedule: { rrule: "FREQ=WEEKLY;BYDAY=MO;BYHOUR=10", segmentId: "" } },
  messageStatus: { messageStatus: { status: "READ" } },
  manual: { manual: true },
};

const STATUSES = ["SENT", "DELIVERED", "READ", "FAILED", "SKIPPED"];

/** One event: what happens, and the settings of that kind. `kinds` are those that may be chosen here. */
export function EventForm({
  graph,
  event,
  onChange,
  kinds = Object.keys(FIRST) as EventKind[],
}: {
  graph: Graph;
  event: Event;
  onChange: (event: Event) => void;
  kinds?: readonly EventKind[];
}) {
  const t = useTexts().workflows;
  const kind = eventKindOf(event);
  return (
    <Stack gap="xs">
      <Select
        label={t.field.event}
        allowDeselect={false}
        data={kinds.map((each) => ({ value: each, label: t.event[each] }))}
        value={kind}
        onChange={(next) => next && onChange(FIRST[next as EventKind])}
      />
      <EventSettings graph={graph} event={event} onChange={onChange} />
    </Stack>
  );
}

function EventSettings({ graph, event, onChange }: { graph: Graph; event: Event; onChange: (event: Event) => void }) {
  const t = useTexts().workflows;
  const { ruleFields = [], tags = [] } = useOptions();
  const { activity, date, schedule, messageStatus } = event;
  const kind = eventKindOf(event);
  if (kind === "segmentEntered" || kind === "segmentLeft") {
    return (
      <SegmentSelect label={t.field.segment} value={event[kind] || null} onChange={(segment) => onChange({ [kind]: segment?.id ?? "" })} />
    );
  }
  if (activity) {
    return (
      <>
        <ActivityKindInput value={activity.kind} onChange={(next) => onChange({ activity: { ...activity, kind: next } })} />
        <ActivityFilters kind={activity.kind} where={activity.where ?? []} onChange={(where) => onChange({ activity: { ...activity, where } })} />
      </>
    );
  }
  if (event.fieldChanged) {
    return (
      <MultiSelect
        label={t.field.fields}
        searchable
        data={(ruleFields ?? []).map((field) => ({ value: field.key, label: field.label }))}
        value={event.fieldChanged}
        onChange={(fields) => onChange({ fieldChanged: fields })}
      />
    );
  }
  if (kind === "tagAdded" || kind === "tagRemoved") {
    return <Autocomplete label={t.field.tag} data={[...(tags ?? [])]} value={event[kind] ?? ""} onChange={(tag) => onChange({ [kind]: tag })} />;
  }
  if (date) {
    const set = (change: Partial<typeof date>) => onChange({ date: { ...date, ...change } });
    return (
      <>
        <FieldSelect label={t.field.field} types={["DATE", "DATETIME"]} value={date.field} onChange={(field) => set({ field })} />
        <DurationInput label={t.field.offset} value={date.offset} onChange={(offset) => set({ offset })} />
        <Checkbox label={t.field.before} checked={date.before ?? false} onChange={(input) => set({ before: input.currentTarget.checked })} />
        <Checkbox label={t.field.yearly} checked={date.yearly ?? false} onChange={(input) => set({ yearly: input.currentTarget.checked })} />
        <TimeInput label={t.field.at} value={date.at} onChange={(at) => set({ at })} />
      </>
    );
  }
  if (schedule) {
    return (
      <>
        <TextInput
          label={t.field.rrule}
          placeholder={t.field.rruleExample}
          value={schedule.rrule}
          onChange={(input) => onChange({ schedule: { ...schedule, rrule: input.currentTarget.value } })}
        />
        <SegmentSelect
          label={t.field.segment}
          value={schedule.segmentId || null}
          onChange={(segment) => onChange({ schedule: { ...schedule, segmentId: segment?.id ?? "" } })}
        />
      </>
    );
  }
  if (messageStatus) {
    const sends = graph.nodes.filter((node) => kindOf(node) === "send");
    return (
      <>
        <Select
          label={t.field.status}
          allowDeselect={false}
          data={STATUSES.map((each) => ({ value: each, label: t.messageStatus[each as keyof typeof t.messageStatus] }))}
          value={messageStatus.status}
          onChange={(status) => onChange({ messageStatus: { ...messageStatus, status: status ?? "READ" } })}
        />
        <Select
          label={t.kind.send}
          clearable
          data={sends.map((node) => ({ value: node.key, label: node.label || node.key }))}
          value={messageStatus.nodeKey ?? null}
          onChange={(nodeKey) => onChange({ messageStatus: { ...messageStatus, nodeKey } })}
        />
      </>
    );
  }
  return null;
}
