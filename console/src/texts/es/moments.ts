import type { moments as en } from "../en/moments";

export const moments: typeof en = {
  now: "ahora",
  past: (time) => `hace ${time}`,
  future: (time) => `dentro de ${time}`,
  units: {
    year: { one: "año", other: "años" },
    month: { one: "mes", other: "meses" },
    week: { one: "semana", other: "semanas" },
    day: { one: "día", other: "días" },
    hour: { one: "hora", other: "horas" },
    minute: { one: "minuto", other: "minutos" },
    second: { one: "segundo", other: "segundos" },
  },
  near: {
    year: { "-1": "el año pasado", "1": "el próximo año" },
    month: { "-1": "el mes pasado", "1": "el próximo mes" },
    week: { "-1": "la semana pasada", "1": "la próxima semana" },
    day: { "-2": "anteayer", "-1": "ayer", "1": "mañana", "2": "pasado mañana" },
  },
};
