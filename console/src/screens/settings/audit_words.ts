import { plainWords } from "../../format/words";
import type { Catalogue } from "../../texts/en";

type Words = Catalogue["settings"]["audit"];

/** The actions that can be looked for, as the API names them. */
export const ACTIONS: readonly string[] = (
  "SessionStart SignIn SessionEnd TokenRefresh PasswordChange PasswordSet WorkspaceUpdate MemberCreate MemberUpdate MemberDelete MemberInvite " +
  "ApiTokenCreate ApiTokenRevoke TrackingKeyCreate TrackingKeyRevoke ContactFieldCreate ContactFieldUpdate ContactFieldDelete ContactCreate " +
  "ContactUpdate ContactUpsert ContactConsentGrant ContactsDelete ContactErase ContactIdentify ContactsMerge ContactUnmerge DuplicateDismiss " +
  "ContactTagsAdd ContactTagsRemove TagRename TagDelete ActivitiesRecord SegmentCreate SegmentUpdate SegmentDelete SegmentRestore " +
  "SegmentDuplicate SegmentContactsAdd SegmentContactsRemove SegmentOverride SegmentRecompute ScoreModelCreate ScoreModelUpdate ScoreModelDelete " +
  "ScoreAdjust JobCancel StagedUploadCreate ImportStart ImportUndo ImportMappingSave ImportMappingDelete ExportStart MessageTemplatesSync " +
  "BroadcastCreate BroadcastUpdate BroadcastSchedule BroadcastPause BroadcastResume BroadcastCancel BroadcastRetry BroadcastDelete BroadcastTest " +
  "WhatsappChannelConnect WhatsappChannelDisconnect InboundWebhookFailuresRetry InboundWebhookFailuresDelete WebhookEndpointCreate " +
  "WebhookEndpointUpdate WebhookEndpointDelete WebhookEndpointPause WebhookEndpointResume WebhookSecretRotate WebhookTest WebhookDeliveryResend " +
  "WebhookReplay WorkflowCreate WorkflowUpdate WorkflowDuplicate WorkflowVersionRestore WorkflowTestStart WorkflowTestAdvance WorkflowBacktest " +
  "WorkflowPublish WorkflowActivate WorkflowPause WorkflowResume WorkflowDrain WorkflowArchive WorkflowContactsAdd WorkflowContactsRemove " +
  "WorkflowContactsMove MetaConnect MetaDisconnect AudienceCreate AudienceUpdate AudiencePause AudienceResume AudienceReconcile AudienceDelete"
).split(" ");

/** SegmentUpdate as "Segment: changed": the longest noun that it begins with, and the verb. Unknown ones in plain words. */
export function actionOf(words: Words, action: string): string {
  const noun = Object.keys(words.nouns)
    .filter((each) => action.startsWith(each))
    .toSorted((a, b) => b.length - a.length)
    .find((each) => words.verbs[action.slice(each.length)] !== undefined);
  return noun === undefined ? plainWords(action) : `${words.nouns[noun]}: ${words.verbs[action.slice(noun.length)]}`;
}

/** Details as lines of a name and a value, each in plain words. */
export function detailsOf(details: unknown): [string, string][] {
  if (typeof details !== "object" || details === null) return [];
  return Object.entries(details)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [plainWords(name), valueOf(value)]);
}

function valueOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueOf).join(", ");
  return typeof value === "object" && value !== null
    ? Object.entries(value)
        .map(([name, each]) => `${plainWords(name)}: ${valueOf(each)}`)
        .join("; ")
    : String(value);
}
