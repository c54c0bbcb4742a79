import { StatusBadge } from "../../components/status_badge";
import type { Catalogue } from "../../texts/en";

export type Consent = "UNKNOWN" | "OPTED_IN" | "OPTED_OUT";

const COLORS: Record<Consent, string> = { UNKNOWN: "gray", OPTED_IN: "teal", OPTED_OUT: "red" };

export function ConsentBadge({ t, consent }: { t: Catalogue; consent: Consent }) {
  return <StatusBadge color={COLORS[consent]}>{t.contacts.consents[consent]}</StatusBadge>;
}
