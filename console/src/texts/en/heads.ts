/** The parts of the settings, as they are called in their menu and in their titles. */
export const settingsParts = {
  workspace: "Workspace",
  members: "Members",
  tokens: "API tokens",
  tracking: "Tracking keys",
  fields: "Custom fields",
  tags: "Tags",
  whatsapp: "WhatsApp",
  audit: "Audit log",
  password: "Your password",
};

/** Stands for a lead that is a number: it is there when it has been counted. */
const counted = "\u00a0";

const scoresLead = "Numbers that follow what is known of a contact, always and exactly.";

/** The title and the lead of each screen whose words do not depend on its data, by its path: they are shown before all else. */
export const heads = {
  "/broadcasts": { title: "Broadcasts", lead: counted },
  "/broadcasts/new": { title: "New broadcast", lead: "A broadcast sends one WhatsApp template to the members of segments." },
  "/contacts": { title: "Contacts", lead: counted },
  "/contacts/duplicates": { title: "Duplicates" },
  "/destinations/audiences": {
    title: "Destinations",
    lead: "Segments kept as custom audiences of an ad account at Meta: members are added and removed as the segment changes.",
  },
  "/destinations/webhooks": {
    title: "Destinations",
    lead: "Addresses of partners that are told what happens here, in order and without loss.",
  },
  "/destinations/webhooks/new": { title: "New endpoint", lead: "It is active as soon as it has answered a signed ping." },
  "/scores": { title: "Scores", lead: scoresLead },
  "/scores/new": { title: "New score", lead: scoresLead },
  "/segments": { title: "Segments", lead: counted },
  "/segments/new": { title: "New segment" },
  "/settings/audit": { title: settingsParts.audit, lead: "What was done, by whom and from where. Kept for good." },
  "/settings/fields": { title: settingsParts.fields, lead: "What you keep about contacts besides the built-in fields." },
  "/settings/members": { title: settingsParts.members, lead: "Who can sign in to this workspace, and what each may do." },
  "/settings/password": { title: settingsParts.password, lead: "A new password ends your other sessions." },
  "/settings/tags": { title: settingsParts.tags, lead: "All tags in use. A change counts for all contacts and rules at once." },
  "/settings/tokens": {
    title: settingsParts.tokens,
    lead: "For programs that call the API. A token may do what it was made with, until it ends or is revoked.",
  },
  "/settings/tracking": {
    title: settingsParts.tracking,
    lead: "Web pages and apps record what visitors do with such a key. It is no secret: it can only record.",
  },
  "/settings/whatsapp": { title: settingsParts.whatsapp, lead: "The number that broadcasts and workflows send from." },
  "/settings/workspace": { title: settingsParts.workspace, lead: "What the whole workspace goes by." },
  "/transfers": {
    title: "Imports and exports",
    lead: "All long work of the workspace, the newest first. You may leave: it goes on by itself.",
  },
  "/transfers/export": { title: "New export", lead: "A file with contacts, written in the background and kept for seven days." },
  "/transfers/import": {
    title: "New import",
    lead: "From a CSV or TSV file, or an Excel workbook. Nothing is written before you have seen the numbers.",
  },
  "/workflows": { title: "Workflows", lead: "What happens to a contact next: wait, ask, branch, send, and more." },
};

export type SettingsParts = typeof settingsParts;
export type Heads = typeof heads;
