import { formatNumber } from "../../format/numbers";
import { plural } from "../plural";

const contacts = (count: number) => plural(count, { one: "contact", other: "contacts" });

export const home = {
  all: "Show all",
  freshness: {
    now: "All segments are up to date",
    behind: (pending: number, lag: string) => `${contacts(pending)} still to be processed, ${lag} behind`,
  },
  needs: {
    title: "Needs a hand",
    none: "Nothing waits for you.",
    jobFailed: "Failed:",
    jobPaused: "Paused:",
    broadcastFailed: "Broadcast failed:",
    broadcastPaused: "Broadcast paused:",
    channelRefused: "WhatsApp refuses the",
    channel: "connected number",
    workflowPaused: "Workflow paused:",
    endpointDisabled: "Endpoint switched off:",
    endpointPaused: "Endpoint paused:",
    endpointFails: "Endpoint does not answer:",
    inboundFailed: "Some of what WhatsApp sent could not be processed:",
    inbound: "what failed",
    accountRefused: "Meta refuses the",
    account: "ad account",
    audienceBlocked: "Audience blocked:",
    audiencePaused: "Audience paused:",
  },
  jobs: { title: "Running now", none: "No import, export or other long work runs." },
  broadcasts: {
    title: "Recent broadcasts",
    none: "No broadcast yet.",
    started: "Started",
    scheduled: "Starts",
    created: "Created",
    statuses: {
      DRAFT: "Draft",
      SCHEDULED: "Scheduled",
      PREPARING: "Preparing",
      SENDING: "Sending",
      PAUSED: "Paused",
      COMPLETED: "Completed",
      CANCELLED: "Cancelled",
      FAILED: "Failed",
    },
    counts: (count: { total: number; gone: number; arrived: number; read: number; failed: number }) =>
      [
        `${formatNumber(count.gone)} of ${formatNumber(count.total)} sent`,
        `${formatNumber(count.arrived)} delivered`,
        `${formatNumber(count.read)} read`,
        ...(count.failed > 0 ? [`${formatNumber(count.failed)} failed`] : []),
      ].join(" · "),
  },
  segments: {
    title: "Segments that moved most",
    none: "No segments yet.",
    week: "In the last seven days",
    trend: (from: number, to: number) => `From ${formatNumber(from)} to ${formatNumber(to)} members in seven days`,
  },
  first: {
    title: "Bring in your contacts",
    lead: "Three ways to begin. All of them can be undone or repeated.",
    import: "Import a file",
    importLead: "CSV or Excel, of any length. You see what it does before anything is written.",
    importAction: "Choose a file",
    sample: "Try with sample data",
    sampleLead: "Sixty invented people, imported as a file would be. Undo the import to be rid of them.",
    sampleAction: "Import the sample",
    api: "Send them by the API",
    apiLead: "Your shop or app writes contacts and what they do, and segments follow at once.",
    apiAction: "Make a token",
  },
  tour: {
    title: "A first look around",
    lead: "This workspace is a demo: its people are invented, and messages go to a sandbox.",
    close: "Close the tour for good",
    steps: [
      {
        path: "/segments",
        needs: "SEGMENT_READ",
        title: "See a segment fill itself",
        text: "Open one, change its rule, and watch the count while you type.",
      },
      {
        path: "/contacts",
        needs: "CONTACT_READ",
        title: "Ask why",
        text: "A contact's page says why it is in a segment, or is not, part by part.",
      },
      {
        path: "/broadcasts",
        needs: "BROADCAST_READ",
        title: "Send a broadcast",
        text: "See first who will get it and who will not, then watch it go out.",
      },
      {
        path: "/workflows",
        needs: "WORKFLOW_READ",
        title: "Follow a workflow",
        text: "See where people are in it, and try it on the past.",
      },
    ],
  },
};
