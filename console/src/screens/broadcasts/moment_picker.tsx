import "@mantine/dates/styles.css";
import "dayjs/locale/es";

import { DateTimePicker, DatesProvider } from "@mantine/dates";

import { language, useTexts } from "../../texts/texts";

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
    <DatesProvider settings={{ locale: language(), firstDayOfWeek: 1 }}>
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
        previousLabel={t.earlier}
        nextLabel={t.later}
      />
    </DatesProvider>
  );
}
