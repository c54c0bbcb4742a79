import type { Catalogue } from "../en";
import { broadcasts } from "./broadcasts";
import { common, errors, nav, session } from "./frame";
import { contacts } from "./contacts";
import { destinations } from "./destinations";
import { home } from "./home";
import { moments } from "./moments";
import { rules } from "./rules";
import { scores } from "./scores";
import { segments } from "./segments";
import { settings } from "./settings";
import { transfers } from "./transfers";
import { workflows } from "./workflows";

/** All Spanish texts. */
export const es: Catalogue = {
  common,
  errors,
  nav,
  session,
  home,
  moments,
  contacts,
  segments,
  transfers,
  broadcasts,
  workflows,
  destinations,
  rules,
  scores,
  settings,
};
