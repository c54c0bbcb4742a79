import type { Catalogue } from "../../texts/en";
import { plainWords } from "../../format/words";
import type { Labels } from "./columns";

const NAMES: Readonly<Record<string, keyof Catalogue["contacts"]["fields"]>> = {
  external_id: "externalId",
  externalId: "externalId",
  name: "name",
  first_name: "firstName",
  firstName: "firstName",
  last_name: "lastName",
  lastName: "lastName",
  email: "email",
  phone: "phone",
  timezone: "timezone",
  date_of_birth: "birth",
  dateOfBirth: "birth",
  subscribed_at: "subscribed",
  subscribedAt: "subscribed",
  last_interaction_at: "lastInteraction",
  lastInteractionAt: "lastInteraction",
  created_at: "created",
  createdAt: "created",
  score: "score",
  tags: "tags",
  whatsapp_consent: "consent",
  whatsappConsent: "consent",
};

/** The label of a field as the API names it: email, attributes.city. */
export function fieldLabel(field: string, labels: Labels, t: Catalogue): string {
  if (field.startsWith("attributes.")) return labels.attributes.get(field.slice("attributes.".length)) ?? field.slice("attributes.".length);
  const known = NAMES[field];
  return known ? t.contacts.fields[known] : plainWords(field);
}
