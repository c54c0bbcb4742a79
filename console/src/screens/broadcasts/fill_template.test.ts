import { describe, expect, it } from "vitest";

import { fill, valueOf } from "./fill_template";

const VALUES = { name: "Ada  Lovelace", email: "" };

describe("valueOf", () => {
  it("takes the field, then the fallback, then nothing", () => {
    expect(valueOf({ name: "1", field: "name" }, VALUES)).toBe("Ada Lovelace");
    expect(valueOf({ name: "1", field: "email", fallback: "friend" }, VALUES)).toBe("friend");
    expect(valueOf({ name: "1", field: "email" }, VALUES)).toBeNull();
    expect(valueOf({ name: "1", text: " a\nb " }, VALUES)).toBe("a b");
    expect(valueOf(undefined, VALUES)).toBeNull();
  });
});

describe("fill", () => {
  const bindings = [{ name: "1", field: "name" }, { name: "header.1", text: "Shop" }];

  it("keeps every character that is no placeholder", () => {
    for (const text of ["", "plain", "{{1}}", "a {{1}} b {{ 2 }} c", "{{1}}{{1}}", "{ {1} }"]) {
      const pieces = fill(text, [], {});
      expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    }
  });

  it("fills what it can and marks the rest", () => {
    expect(fill("Hi {{1}}, {{2}}!", bindings, VALUES)).toEqual([
      { text: "Hi ", kind: "plain" },
      { text: "Ada Lovelace", kind: "filled" },
      { text: ", ", kind: "plain" },
      { text: "{{2}}", kind: "missing" },
      { text: "!", kind: "plain" },
    ]);
  });

  it("tells the header's placeholders from the body's", () => {
    expect(fill("{{1}}", bindings, VALUES, "header.")).toEqual([{ text: "Shop", kind: "filled" }]);
  });
});
