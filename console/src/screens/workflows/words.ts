/** The server's words for each node and for the triggers, from the lines of `draftText` or `WorkflowVersion.text`. */
export type Words = { nodes: ReadonlyMap<string, string>; triggers: readonly string[] };

const NODE_LINE = /^([a-z0-9_.]+)(?: "[^"]*")?: (.*?)(?: \([^()]*->[^()]*\))?\.$/;

export function wordsOf(text: string, keys: readonly string[]): Words {
  const nodes = new Map<string, string>();
  const triggers: string[] = [];
  for (const line of text.split("\n")) {
    const [, key = "", words = ""] = NODE_LINE.exec(line) ?? [];
    if (keys.includes(key)) nodes.set(key, words);
    else if (line) triggers.push(line);
  }
  return { nodes, triggers };
}

export const ENROLLMENT_COLORS = { READY: "teal", WAITING: "blue", HELD: "yellow", FAILED: "red", ENDED: "gray" } as const;
