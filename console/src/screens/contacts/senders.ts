/** The properties by which an activity names what sent a message, and where that has its screen. */
const SCREENS = { broadcastId: "/broadcasts", workflowId: "/workflows" } as const;

export type SenderKey = keyof typeof SCREENS;

export function isSenderKey(key: string): key is SenderKey {
  return Object.hasOwn(SCREENS, key);
}

export function pathOfSender(key: SenderKey, id: string): string {
  return `${SCREENS[key]}/${id}`;
}

/** The most that are named in one question. */
const MOST = 250;

/** The ids of what sent the messages of these activities, each once, in a fixed order: of the kinds in `keys` alone. */
export function sendersOf(properties: readonly unknown[], keys: readonly SenderKey[]): string[] {
  const found = new Set<string>();
  for (const each of properties) {
    if (!each || typeof each !== "object") continue;
    for (const [key, id] of Object.entries(each)) {
      if (typeof id === "string" && keys.some((one) => one === key)) found.add(id);
    }
  }
  return [...found].slice(0, MOST).toSorted();
}
