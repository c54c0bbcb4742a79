/** The server counts characters, JavaScript counts units of UTF-16: an emoji is one character and two units. */
export function unitsOf(text: string, characters: number): number {
  let units = 0;
  let left = characters;
  while (left > 0 && units < text.length) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
    left -= 1;
  }
  return units;
}

export function charactersOf(text: string, units: number): number {
  let characters = 0;
  for (let at = 0; at < Math.min(units, text.length); characters++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return characters;
}
