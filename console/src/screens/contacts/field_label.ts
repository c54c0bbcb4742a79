import type { Catalogue } from "../../texts/en";
import { plainWords } from "../../format/words";
import type { Labels } from "./columns";

const NAMES: Readonly<Record<string, keyof Catalogue["contacts"]["fields"]>> = {
  externalId: "externalId",
  name: "name",
  firstName: "firstName",
  lastName: "lastName",
  email: "email",
  phone: "phone",
  timezone: "timezone",
  dateOfBirth: "birth",
  subscribedAt: "subscribed",
  lastInteractionAt: "lastInteraction",
  createdAt: "created",
  score: "score",
  tags: "tags",
  whatsappConsent: "consent",
};

const CHOSEN = new Set(["externalId", "name", "email", "phone", "timezone", "dateOfBirth", "subscribedAt", "score"]);

/** Whether a merge takes one of the two values, as somebody chooses; the others follow rules of their own, or the name. */
export function isChosen(field: string): boolean {
  return CHOSEN.has(field) || field.startsWith("attributes.");
}

/** The label of a field as the API names it: email, attributes.city. */
export function fieldLabel(field: string, labels: Labels, t: Catalogue): string {
  if (field.startsWith("attributes.")) return labels.attributes.get(field.slice("attributes.".length)) ?? field.slice("attributes.".length);
  const known = NAMES[field];
  return known ? t.contacts.fields[known] : plainWords(field);
}
