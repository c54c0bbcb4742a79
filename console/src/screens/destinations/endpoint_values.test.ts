import { expect, it } from "vitest";

import { inputOf, valuesOf } from "./endpoint_values";

const STORED = {
  url: "https://a.example/hook",
  description: null,
  eventTypes: ["job.finished"],
  segments: [{ id: "S1", name: "VIPs" }],
  mode: "PARALLEL",
  onFailure: "SKIP",
  batchSize: 7,
  includeContacts: true,
  requestsPerSecond: 2.5,
  headers: { "x-key": null },
};

it("gives an endpoint that nothing changed in as it was, and keeps the values of its headers", () => {
  expect(inputOf(valuesOf(STORED))).toEqual({
    url: "https://a.example/hook",
    description: null,
    eventTypes: ["job.finished"],
    segmentIds: ["S1"],
    mode: "PARALLEL",
    onFailure: "SKIP",
    batchSize: 7,
    includeContacts: true,
    requestsPerSecond: 2.5,
    headers: { "x-key": null },
  });
});

it("leaves out headers without a name, and a limit that is empty", () => {
  const values = { ...valuesOf(null), headers: [{ key: 0, name: " ", value: "x" }, { key: 1, name: " a ", value: "b" }] };
  expect(inputOf(values)).toMatchObject({ headers: { a: "b" }, requestsPerSecond: null, batchSize: 100 });
});
