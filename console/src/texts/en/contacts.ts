import { plural } from "../plural";

export const contacts = {
  title: "Contacts",
  count: (count: number) => plural(count, { one: "contact", other: "contacts" }),
  search: "Search by name, e-mail, phone or external id",
  name: "Name",
  email: "E-mail",
  phone: "Phone",
  created: "Created",
  empty: "No contacts yet",
  emptyLead: "Import a file, or send contacts by the API.",
};
