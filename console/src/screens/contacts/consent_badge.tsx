import { StatusBadge } from "../../components/status_badge";
import { useTexts } from "../../texts/texts";

export type Consent = "UNKNOWN" | "OPTED_IN" | "OPTED_OUT";

const COLORS: Record<Consent, string> = { UNKNOWN: "gray", OPTED_IN: "teal", OPTED_OUT: "red" };

export function ConsentBadge({ consent }: { consent: Consent }) {
  const t = useTexts();
  return <StatusBadge color={COLORS[consent]}>{t.contacts.consents[consent]}</StatusBadge>;
}
