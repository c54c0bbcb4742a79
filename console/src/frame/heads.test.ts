import { expect, test } from "vitest";

import { SCREEN_CODE } from "../app/screen_code";
import { FRAME_TEXTS } from "../texts/frame";

/** These have no words of their own: one is called as the workspace is, the others lead to a screen. */
const WITHOUT = ["/", "/destinations", "/settings"];

test("each screen whose address has no id has a head that is there before its data", () => {
  const paths = Object.keys(SCREEN_CODE).filter((path) => !path.includes("$") && !WITHOUT.includes(path));
  for (const { heads } of Object.values(FRAME_TEXTS)) expect(Object.keys(heads).toSorted()).toEqual(paths.toSorted());
});
