import "./theme/components";
import "./theme/font.css";
import "./theme/base.css";

import { createRoot } from "react-dom/client";

import { App } from "./app/app";
import { preferredLanguage, showLanguage } from "./texts/texts";

await showLanguage(preferredLanguage());
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
