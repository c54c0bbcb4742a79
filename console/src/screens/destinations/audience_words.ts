/** The colour of an audience's state, beside its word. */
export const AUDIENCE_COLORS: Readonly<Record<string, string>> = { SYNCING: "brand", IN_SYNC: "teal", PAUSED: "gray", BLOCKED: "red" };

export const CONNECTION_COLORS: Readonly<Record<string, string>> = { CHECKING: "yellow", CONNECTED: "teal", REFUSED: "red" };

export const AUDIENCE_KEYS = ["EMAIL", "PHONE", "FIRST_NAME", "LAST_NAME", "DATE_OF_BIRTH", "COUNTRY", "EXTERN_ID"] as const;
export const AUDIENCE_MODES = ["MIRROR", "ADD_ONLY"] as const;
