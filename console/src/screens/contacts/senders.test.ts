import { expect, test } from "vitest";

import { pathOfSender, sendersOf } from "./senders";

test("each sender is asked for once, in one order, however often it sent", () => {
  const acts = [{ broadcastId: "b2", template: "news" }, { broadcastId: "b1" }, { broadcastId: "b2" }, { workflowId: "w1", node: "hello" }];
  expect(sendersOf(acts, ["broadcastId", "workflowId"])).toEqual(["b1", "b2", "w1"]);
  expect(sendersOf(acts.toReversed(), ["broadcastId", "workflowId"])).toEqual(["b1", "b2", "w1"]);
});

test("who may not read workflows asks for none", () => {
  expect(sendersOf([{ workflowId: "w1" }, { broadcastId: "b1" }], ["broadcastId"])).toEqual(["b1"]);
});

test("what partners write under these names harms nothing", () => {
  expect(sendersOf([null, "broadcastId", 4, { broadcastId: 7 }, { broadcastId: null }, { order: "b1" }], ["broadcastId"])).toEqual([]);
});

test("no more are asked for than one question may name", () => {
  const acts = Array.from({ length: 300 }, (_, number) => ({ broadcastId: `b${number}` }));
  expect(sendersOf(acts, ["broadcastId"])).toHaveLength(250);
});

test("a sender has a screen", () => {
  expect(pathOfSender("broadcastId", "b1")).toBe("/broadcasts/b1");
  expect(pathOfSender("workflowId", "w1")).toBe("/workflows/w1");
});
