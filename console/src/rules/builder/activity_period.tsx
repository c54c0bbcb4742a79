import { NativeSelect } from "@mantine/core";

import { useTexts } from "../../texts/texts";
import type { ActivityConditionInput } from "../rule";
import classes from "./builder.module.css";
import { DurationInput } from "./duration_input";
import { MomentInput } from "./moment_input";

type Period = "ever" | "within" | "since" | "until" | "between" | "other";

function periodOf({ within, since, until }: ActivityConditionInput): Period {
  if (isSet(within)) return isSet(since) || isSet(until) ? "other" : "within";
  if (isSet(since)) return isSet(until) ? "between" : "since";
  return isSet(until) ? "until" : "ever";
}

function isSet(value: string | null | undefined): value is string {
  return value !== null && value !== undefined;
}

function withPeriod(condition: ActivityConditionInput, period: Period): ActivityConditionInput {
  const { within, since, until, ...rest } = condition;
  const now = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString().replace(".000Z", "Z");
  switch (period) {
    case "ever":
      return rest;
    case "within":
      return { ...rest, within: within ?? "P30D" };
    case "since":
      return { ...rest, since: since ?? now };
    case "until":
      return { ...rest, until: until ?? now };
    case "between":
      return { ...rest, since: since ?? now, until: until ?? now };
    case "other":
      return condition;
  }
}

/** Which activities count, by when they happened. */
export function ActivityPeriod({
  condition,
  onChange,
}: {
  condition: ActivityConditionInput;
  onChange: (condition: ActivityConditionInput) => void;
}) {
  const t = useTexts().rules;
  const period = periodOf(condition);
  const about = t.ofKind(condition.kind);
  const offered: Period[] = ["ever", "within", "since", "until", "between"];
  if (period === "other") offered.push("other");
  return (
    <>
      <NativeSelect
        size="xs"
        className={classes.fit}
        aria-label={`${about}: ${t.period}`}
        value={period}
        data={offered.map((each) => ({ value: each, label: t.periods[each] }))}
        onChange={(event) => onChange(withPeriod(condition, event.currentTarget.value as Period))}
      />
      {isSet(condition.within) && (
        <DurationInput label={`${about}: ${t.length}`} value={condition.within} onChange={(within) => onChange({ ...condition, within })} />
      )}
      {isSet(condition.since) && (
        <MomentInput
          label={`${about}: ${t.from}`}
          value={condition.since}
          onChange={(since) => since && onChange({ ...condition, since })}
        />
      )}
      {isSet(condition.since) && isSet(condition.until) && <span>{t.and}</span>}
      {isSet(condition.until) && (
        <MomentInput label={`${about}: ${t.to}`} value={condition.until} onChange={(until) => until && onChange({ ...condition, until })} />
      )}
    </>
  );
}
