import "./theme/components";
import "./theme/font.css";
import "./theme/variables.css";
import "./theme/base.css";

import { startTransition } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/app";
import { theRouter } from "./app/router";
import { beginSession } from "./session/session";
import { textsShown } from "./start";

// While the server is asked who is signed in, the router finds the screen, so that the first render has it.
setTimeout(() => void theRouter().load());
// Nothing may be awaited here: parts that are fetched late, as the texts are, wait for this file.
void Promise.all([beginSession(), textsShown]).then(([session]) => {
  const element = document.getElementById("root");
  if (!element) return;
  const root = createRoot(element);
  startTransition(() => root.render(<App session={session} />));
});
