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

/** All English texts; what holds numbers or names is a function. The other languages have exactly these keys. */
export const en = {
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

/** The same keys, with the texts of another language. */
export type Catalogue = typeof en;
