export const common = {
  loading: "Loading",
  tryAgain: "Try again",
  undo: "Undo",
  cancel: "Cancel",
  save: "Save",
  saved: "Saved",
  delete: "Delete",
  edit: "Edit",
  close: "Close",
  search: "Search",
  selectAll: "Select all rows",
  selectRow: (name: string) => `Select ${name}`,
  name: "Name",
  actions: "Actions",
  none: "None",
  yes: "Yes",
  no: "No",
};

export const errors = {
  title: "That did not work",
  unexpected: "Something unexpected happened in this page. Reload it; what you saved is kept.",
  network: "The server does not answer. Check your connection; the console goes on by itself when it is back.",
  forbidden: (reason: string) => `You may not do this: ${reason}`,
  throttled: "Too many requests at once. Wait a moment, then try again.",
  internal: (requestId?: string) =>
    `The server could not do this. ${requestId ? `Tell your operator the request id ${requestId}.` : "Try again."}`,
  notFound: "Nothing is here",
  notFoundLead: "The address is wrong, or what it showed was deleted.",
};

export const nav = {
  areas: "Areas",
  menu: "Menu",
  skip: "Skip to the content",
  home: "Home",
  contacts: "Contacts",
  segments: "Segments",
  transfers: "Imports and exports",
  broadcasts: "Broadcasts",
  workflows: "Workflows",
  destinations: "Destinations",
  scores: "Scores",
  settings: "Settings",
  account: "Your account",
  dark: "Dark",
  light: "Light",
  language: "Language",
  signOut: "Sign out",
  reconnecting: "Reconnecting …",
};

export const session = {
  title: "Sign in to Muster",
  lead: "Your contacts in the right segments, all the time.",
  email: "E-mail address",
  password: "Password",
  showPassword: "Show the password",
  signIn: "Sign in",
  expired: "Your session has ended. Sign in again, and you are back where you were.",
};
