import "./theme/components";

import { startTransition } from "react";

import { App } from "./app/app";
import { createRoot } from "./app/react_root";
import { theRouter } from "./app/router";
import { showCutWhole } from "./components/shown_whole";
import { nextTask, pause } from "./frame/tasks";
import { storeEarly } from "./relay/found_early";
import { beginSession } from "./session/session";
import { isReady } from "./start";

/** So long the early frame waits for the code of the screen. By then the router shows that it waits, and before that it shows nothing. */
const LONGEST_MS = 1_100;

// Nothing may be awaited here: parts that are fetched late, as the texts are, wait for this file.
void begin();

/** Each step is a task of its own, so that the browser may do other things between them. */
async function begin(): Promise<void> {
  await nextTask();
  const router = theRouter();
  await nextTask();
  const isFound = Promise.race([router.load(), pause(LONGEST_MS)]);
  await nextTask();
  const [session] = await Promise.all([beginSession(), isReady, isFound]);
  const element = document.getElementById("root");
  if (!element) return;
  storeEarly(session.api.environment);
  const root = createRoot(element);
  startTransition(() => root.render(<App session={session} />));
  showCutWhole();
}
