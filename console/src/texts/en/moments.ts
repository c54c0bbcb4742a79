/** How long ago something was or in how long it will be. `units` are for one and for several; `near` are said in place of a number. */
export const moments = {
  now: "now",
  past: (time: string) => `${time} ago`,
  future: (time: string) => `in ${time}`,
  units: {
    year: { one: "year", other: "years" },
    month: { one: "month", other: "months" },
    week: { one: "week", other: "weeks" },
    day: { one: "day", other: "days" },
    hour: { one: "hour", other: "hours" },
    minute: { one: "minute", other: "minutes" },
    second: { one: "second", other: "seconds" },
  },
  near: {
    year: { "-1": "last year", "1": "next year" },
    month: { "-1": "last month", "1": "next month" },
    week: { "-1": "last week", "1": "next week" },
    day: { "-1": "yesterday", "1": "tomorrow" },
  } as Readonly<Record<string, Readonly<Record<string, string>>>>,
};
