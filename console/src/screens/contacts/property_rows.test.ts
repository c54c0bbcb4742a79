import { expect, test } from "vitest";

import { propertiesOf } from "./property_rows";

const row = (name: string, value: string) => ({ key: name, name, value });

test("numbers and truths are read as such; what only looks so stays text", () => {
  expect(
    propertiesOf([row("amount", "12.5"), row("count", "3"), row("gift", "true"), row("zip", "01234"), row("phone", "+34600"), row("big", "12345678901234567890")]),
  ).toEqual({ amount: 12.5, count: 3, gift: true, zip: "01234", phone: "+34600", big: "12345678901234567890" });
});

test("a row without a name says nothing", () => {
  expect(propertiesOf([row(" ", "x"), row(" shop ", "Lyon")])).toEqual({ shop: "Lyon" });
});
