import { Group } from "@mantine/core";

import { ButtonTo } from "../../components/link";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";

/** The two kinds of destinations, as links above their lists. */
export function DestinationTabs({ shown }: { shown: "webhooks" | "audiences" }) {
  const t = useTexts().destinations;
  const mayWebhooks = useMay("WEBHOOK_MANAGE");
  const maySegments = useMay("SEGMENT_READ");
  const variant = (part: string) => (part === shown ? "light" : "subtle");
  const current = (part: string) => (part === shown ? ("page" as const) : undefined);
  return (
    <Group component="nav" gap={4} aria-label={t.parts}>
      {mayWebhooks && (
        <ButtonTo to="/destinations/webhooks" variant={variant("webhooks")} aria-current={current("webhooks")}>
          {t.webhooks}
        </ButtonTo>
      )}
      {maySegments && (
        <ButtonTo to="/destinations/audiences" variant={variant("audiences")} aria-current={current("audiences")}>
          {t.audiences}
        </ButtonTo>
      )}
    </Group>
  );
}
