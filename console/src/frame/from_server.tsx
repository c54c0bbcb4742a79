import { FRAME_TEXTS } from "../texts/frame";
import { preferredLanguage } from "../texts/language";
import { drawn } from "./drawn";
import { pause } from "./tasks";

const AGAIN_MS = 1_000;

/** How many loads wait for the server. */
let waiting = 0;
let notice: Node | undefined;

/** Loads a part of the console. While the server is away this says so, and goes on when it is back. */
export async function fromServer<Part>(load: () => Promise<Part>): Promise<Part> {
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await load();
    } catch (error) {
      if (isAgain && (await isThere())) throw error; // it has another version by now, which a page that is loaded again has
      await untilThere();
    }
  }
}

async function untilThere(): Promise<void> {
  if (await isThere()) return;
  if (waiting++ === 0) showNotice();
  do await pause(AGAIN_MS);
  while (!(await isThere()));
  if (--waiting === 0) (notice as Element | undefined)?.remove();
}

async function isThere(): Promise<boolean> {
  try {
    const { status } = await fetch(document.baseURI, { method: "HEAD", cache: "no-store" });
    return status < 500;
  } catch {
    return false;
  }
}

function showNotice(): void {
  [notice] = drawn(
    <div role="alert" className="away">
      {FRAME_TEXTS[preferredLanguage()].away}
    </div>,
  );
  if (notice) document.body.append(notice);
}
