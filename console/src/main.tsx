import "./theme/components";

import { startTransition } from "react";

import { App } from "./app/app";
import { createRoot } from "./app/react_root";
import { theRouter } from "./app/router";
import { nextTask } from "./frame/tasks";
import { beginSession } from "./session/session";
import { isReady } from "./start";

// Nothing may be awaited here: parts that are fetched late, as the texts are, wait for this file.
void begin();

/** Each step is a task of its own, so that the browser may do other things between them. */
async function begin(): Promise<void> {
  await nextTask();
  const router = theRouter();
  await nextTask();
  void router.load(); // it finds the screen, so that the first render has it
  await nextTask();
  const [session] = await Promise.all([beginSession(), isReady]);
  const element = document.getElementById("root");
  if (!element) return;
  const root = createRoot(element);
  startTransition(() => root.render(<App session={session} />));
}
