import { describe, expect, it } from "vitest";

import { draftOf, inputOf, keyOf, newDraft, previewInputOf } from "./definition";

const STORED = {
  key: "interest",
  name: "Interest",
  description: null,
  minimum: 0,
  levels: [{ name: "HOT", from: 30 }],
  groups: [
    {
      name: "Behaviour",
      maximum: 40,
      minimum: null,
      parts: [
        { label: "Visits", points: 5, earn: { each: { kind: "product.visit", where: [], atMost: 10, lasting: "P30D", decay: null } } },
        { label: "Fan", points: 3, earn: { while: { tags: { operator: "HAS_ANY", tags: ["fan"] } }, each: null } },
      ],
    },
  ],
};

describe("draftOf and inputOf", () => {
  it("give back what was stored, without nulls where one way of earning is asked for", () => {
    const input = inputOf(draftOf(STORED));
    expect(input).toEqual({
      ...STORED,
      maximum: null,
      groups: [
        {
          ...STORED.groups[0],
          parts: [
            { label: "Visits", points: 5, earn: { each: { kind: "product.visit", where: [], atMost: 10, lasting: "P30D" } } },
            { label: "Fan", points: 3, earn: { while: { tags: { operator: "HAS_ANY", tags: ["fan"] } } } },
          ],
        },
      ],
    });
    expect(inputOf(draftOf(input))).toEqual(input);
  });

  it("are no input while something is missing", () => {
    expect(inputOf(newDraft())).toBeNull();
    const draft = draftOf(STORED);
    expect(inputOf({ ...draft, levels: [{ id: "x", name: "WARM", from: undefined }] })).toBeNull();
    expect(inputOf({ ...draft, key: "" })).toBeNull();
  });
});

describe("previewInputOf", () => {
  it("counts what is complete and leaves the rest out", () => {
    const draft = draftOf(STORED);
    const [group] = draft.groups;
    if (!group) throw new Error("no group");
    const half = { ...draft, name: "", groups: [{ ...group, parts: [...group.parts, ...newDraft().groups.flatMap(({ parts }) => parts)] }] };
    expect(previewInputOf(half)?.groups[0]?.parts.map(({ label }) => label)).toEqual(["Visits", "Fan"]);
    expect(inputOf(half)).toBeNull();
    expect(previewInputOf(newDraft())).toBeNull();
  });
});

describe("keyOf", () => {
  it("is a key, whatever the name", () => {
    expect(keyOf("Lead interest!")).toBe("lead_interest");
    expect(keyOf("  3 Ñandú–Café ")).toBe("nandu_cafe");
    expect(keyOf("Risk level")).toBe("risk");
    expect(keyOf("漢字")).toBe("");
    for (const name of ["a".repeat(60), "Über Level level", "x__", "9"]) {
      expect(keyOf(name)).toMatch(/^([a-z][a-z0-9_]{0,39})?$/);
      expect(keyOf(name)).not.toMatch(/level$|_$/);
    }
  });
});
