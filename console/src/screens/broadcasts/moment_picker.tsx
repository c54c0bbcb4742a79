import "@mantine/dates/styles.css";
import "dayjs/locale/es";

import { DateTimePicker, DatesProvider } from "@mantine/dates";

import { language, useTexts } from "../../texts/texts";

/** Red on the background is too faint to read, and says nothing. */
const NO_OTHER_COLOUR: (0 | 1 | 2 | 3 | 4 | 5 | 6)[] = [];

/** Chooses a moment by the clock on the wall, as "2026-03-01 09:30:00". Loaded late: it is heavy. */
export default function MomentPicker({
  label,
  value,
  onChange,
  min,
  error,
}: {
  label: string;
  value: string | null;
  onChange: (value: string | null) => void;
  min: string;
  error?: string;
}) {
  const t = useTexts().broadcasts.picker;
  return (
    <DatesProvider settings={{ locale: language(), firstDayOfWeek: 1, weekendDays: NO_OTHER_COLOUR }}>
      <DateTimePicker
        label={label}
        value={value}
        onChange={onChange}
        minDate={min}
        valueFormat="D MMM YYYY HH:mm"
        error={error}
        miw={220}
        timePickerProps={{ "aria-label": label }}
        submitButtonProps={{ "aria-label": t.take }}
        clearable={false}
        hideOutsideDates
        previousLabel={t.earlier}
        nextLabel={t.later}
      />
    </DatesProvider>
  );
}
