import { Group } from "@mantine/core";
import { useState } from "react";

import { ButtonTo } from "../../components/link";
import { Screen } from "../../components/screen";
import { ShownOnce } from "../../components/shown_once";
import { useTexts } from "../../texts/texts";
import { EndpointForm } from "./endpoint_form";

/** Adds an endpoint; its secret is shown once, before its page. */
export function EndpointNew() {
  const t = useTexts().destinations;
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  return (
    <Screen title={t.form.newTitle} lead={t.form.newLead}>
      {made ? (
        <>
          <ShownOnce title={t.endpoints.secretReady} label={t.endpoints.secretLabel} value={made.secret}>
            {t.endpoints.secretLead}
          </ShownOnce>
          <Group>
            <ButtonTo to="/destinations/webhooks/$endpoint" params={{ endpoint: made.id }}>
              {t.endpoints.toEndpoint}
            </ButtonTo>
          </Group>
        </>
      ) : (
        <EndpointForm endpoint={null} onDone={(id, secret) => setMade({ id, secret: secret ?? "" })} />
      )}
    </Screen>
  );
}
