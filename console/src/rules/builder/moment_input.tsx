import { TextInput } from "@mantine/core";

import { useViewer } from "../../session/session";
import { clockAt, instantAt } from "../zoned";
import classes from "./builder.module.css";

/** A day, or an instant by the clock of the workspace's zone. */
export function MomentInput({
  value,
  onChange,
  label,
  isDay = false,
}: {
  value: unknown;
  onChange: (value: string | undefined) => void;
  label: string;
  isDay?: boolean;
}) {
  const zone = useViewer().workspace.timezone;
  const text = typeof value === "string" ? value : "";
  return (
    <TextInput
      type={isDay ? "date" : "datetime-local"}
      step={isDay ? undefined : "any"}
      max={isDay ? "9999-12-31" : "9999-12-31T23:59"}
      aria-label={label}
      title={isDay ? undefined : zone}
      size="xs"
      className={classes.fit}
      value={isDay ? text : clockAt(text, zone)}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        onChange((isDay ? typed : typed && instantAt(typed, zone)) || undefined);
      }}
    />
  );
}
