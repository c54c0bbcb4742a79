import { Checkbox, Divider, NumberInput, Stack, Text, TextInput, Title } from "@mantine/core";

import { Select } from "../../components/choices";
import { useTexts } from "../../texts/texts";
import { EventForm } from "./event_form";
import { DurationInput, NodeSelect, TimeInput } from "./fields";
import type { EventKind, Graph, Rule } from "./graph";
import { PartList } from "./part_list";
import { RuleField } from "./graph_rule";
import { WeekdayInput } from "./weekday_input";

type Props = { graph: Graph; onChange: (graph: Graph) => void };

const OCCURRING: readonly EventKind[] = ["activity", "segmentEntered", "segmentLeft", "fieldChanged", "tagAdded", "tagRemoved", "messageStatus"];

/** What holds for the whole workflow: who enters, when again, what the goal is, and when it ends by itself. */
export function WorkflowSettings(props: Props) {
  return (
    <Stack gap="md">
      <Triggers {...props} />
      <Divider />
      <Entry {...props} />
      <Divider />
      <Goal {...props} />
      <Exits {...props} />
      <Divider />
      <Sending {...props} />
    </Stack>
  );
}

function Triggers({ graph, onChange }: Props) {
  const t = useTexts().workflows;
  const { triggers } = graph;
  const set = (next: Graph["triggers"]) => onChange({ ...graph, triggers: next });
  const freeKey = () => {
    const taken = new Set(triggers.map((trigger) => trigger.key));
    for (let number = triggers.length + 1; ; number++) if (!taken.has(`trigger_${number}`)) return `trigger_${number}`;
  };
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t.editor.triggers}
      </Title>
      <PartList
        parts={triggers}
        keyOf={(trigger) => trigger.key}
        onChange={set}
        add={t.editor.addTrigger}
        newPart={() => ({ key: freeKey(), on: { activity: { kind: "purchase" } } })}
        remove={t.editor.removeTrigger}
      >
        {(trigger, setTrigger) => (
          <>
            <EventForm graph={graph} event={trigger.on} onChange={(on) => setTrigger({ ...trigger, on })} />
            {(triggers.length > 1 || trigger.start) && (
              <NodeSelect
                label={t.start}
                graph={graph}
                clearable
                value={trigger.start}
                onChange={(start) => setTrigger({ ...trigger, start: start || null })}
              />
            )}
          </>
        )}
      </PartList>
      <NodeSelect label={t.start} graph={graph} value={graph.start} onChange={(start) => onChange({ ...graph, start })} />
    </Stack>
  );
}

function Entry({ graph, onChange }: Props) {
  const t = useTexts().workflows.editor;
  const reentry = graph.reentry ?? { policy: "ONCE" };
  const set = (change: Partial<typeof reentry>) => onChange({ ...graph, reentry: { ...reentry, ...change } });
  return (
    <Stack gap="xs">
      <RuleField label={t.entryRule} optional value={graph.entryRule ?? null} onChange={(entryRule) => onChange({ ...graph, entryRule })} />
      <Select
        label={t.reentry}
        allowDeselect={false}
        data={(["ONCE", "AFTER_LEAVING", "EVERY_TIME"] as const).map((each) => ({ value: each, label: t.reentryPolicy[each] }))}
        value={reentry.policy}
        onChange={(policy) => policy && set({ policy })}
      />
      {reentry.policy !== "ONCE" && (
        <>
          <DurationInput label={t.reentryCooldown} value={reentry.cooldown} onChange={(cooldown) => set({ cooldown })} />
          <NumberInput
            label={t.reentryMax}
            min={1}
            value={reentry.maxPerContact ?? ""}
            onChange={(value) => set({ maxPerContact: value === "" ? null : Number(value) })}
          />
          <TextInput label={t.reentryKey} value={reentry.key ?? ""} onChange={(event) => set({ key: event.currentTarget.value || null })} />
        </>
      )}
      <DurationInput label={t.maxStay} value={graph.maxStay ?? "P1Y"} onChange={(maxStay) => onChange({ ...graph, maxStay: maxStay ?? undefined })} />
      <Select
        label={t.zone}
        allowDeselect={false}
        data={(["WORKSPACE", "CONTACT"] as const).map((each) => ({ value: each, label: t.zones[each] }))}
        value={graph.zone ?? "WORKSPACE"}
        onChange={(zone) => onChange({ ...graph, zone: (zone ?? undefined) as Graph["zone"] })}
      />
    </Stack>
  );
}

function Goal({ graph, onChange }: Props) {
  const t = useTexts().workflows;
  const { goal } = graph;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t.editor.goal}
      </Title>
      <Checkbox
        label={t.editor.hasGoal}
        checked={Boolean(goal)}
        onChange={(event) => onChange({ ...graph, goal: event.currentTarget.checked ? { event: { activity: { kind: "purchase" } } } : null })}
      />
      {goal && (
        <>
          {goal.event && (
            <EventForm graph={graph} event={goal.event} kinds={OCCURRING} onChange={(event) => onChange({ ...graph, goal: { ...goal, event } })} />
          )}
          <RuleField
            label={t.field.orRule}
            optional
            value={goal.rule ?? null}
            onChange={(rule) => onChange({ ...graph, goal: { ...goal, rule } })}
          />
          <Checkbox
            label={t.editor.goalContinue}
            checked={goal.continueAfter ?? false}
            onChange={(event) => onChange({ ...graph, goal: { ...goal, continueAfter: event.currentTarget.checked } })}
          />
        </>
      )}
    </Stack>
  );
}

function Exits({ graph, onChange }: Props) {
  const t = useTexts().workflows;
  const exits = graph.exits ?? [];
  const leaves = exits.some((exit) => exit.leavesTrigger);
  const others = exits.filter((exit) => !exit.leavesTrigger);
  const set = (next: typeof exits, withLeaving: boolean) => onChange({ ...graph, exits: withLeaving ? [...next, { leavesTrigger: true }] : next });
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t.editor.exits}
      </Title>
      <Checkbox label={t.editor.leavesTrigger} checked={leaves} onChange={(event) => set(others, event.currentTarget.checked)} />
      <PartList parts={others} onChange={(next) => set(next, leaves)} add={t.editor.addExit} newPart={() => ({ rule: { all: [] } })}>
        {(exit, setPart) => <RuleField label={t.field.rule} value={(exit.rule ?? null) as Rule | null} onChange={(rule) => setPart({ ...exit, rule })} />}
      </PartList>
    </Stack>
  );
}

function Sending({ graph, onChange }: Props) {
  const t = useTexts().workflows;
  const window = graph.sendWindow;
  const set = (change: Partial<NonNullable<typeof window>>) =>
    onChange({ ...graph, sendWindow: { from: "09:00", to: "20:00", ...window, ...change } });
  return (
    <Stack gap="xs">
      <Checkbox
        label={t.editor.window}
        checked={Boolean(window)}
        onChange={(event) => onChange({ ...graph, sendWindow: event.currentTarget.checked ? { from: "09:00", to: "20:00" } : null })}
      />
      {window && (
        <>
          <TimeInput label={t.editor.from} value={window.from} onChange={(from) => from && set({ from })} />
          <TimeInput label={t.editor.to} value={window.to} onChange={(to) => to && set({ to })} />
          <WeekdayInput value={window.weekdays ?? []} onChange={(weekdays) => set({ weekdays: weekdays.length ? weekdays : undefined })} />
        </>
      )}
      <NumberInput
        label={t.editor.control}
        min={0}
        max={100}
        value={graph.controlPercent ?? 0}
        onChange={(controlPercent) => onChange({ ...graph, controlPercent: Number(controlPercent) })}
      />
      <Text size="xs" c="dimmed">
        {t.editor.controlLead}
      </Text>
    </Stack>
  );
}
