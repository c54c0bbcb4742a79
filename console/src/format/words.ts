/** The words of an enum's value. A value that this console does not know yet is shown as plain words. */
export function wordOf<Words>(words: Readonly<Record<string, Words>>, value: string): Words | string {
  return words[value] ?? plainWords(value);
}

/** LEAVE_OUT or segmentUpdate as "Leave out", "Segment update". */
export function plainWords(value: string): string {
  const spaced = value
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[_.]+/g, " ")
    .trim()
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
