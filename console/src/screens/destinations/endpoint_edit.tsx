import { graphql, useFragment } from "react-relay";

import { NotFound } from "../../app/failures";
import { LinkTo } from "../../components/link";
import { notifyDone } from "../../components/notify";
import { Screen } from "../../components/screen";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { endpointEditQuery } from "../../__generated__/endpointEditQuery.graphql";
import type { endpointFragment_endpoint$key } from "../../__generated__/endpointFragment_endpoint.graphql";
import { EndpointForm } from "./endpoint_form";
import { ENDPOINT } from "./endpoint_fragment";
import { endpointEditRoute } from "./routes";

const QUERY = graphql`
  query endpointEditQuery($id: ID!, $maySegments: Boolean!, $mayWorkflows: Boolean!) {
    webhookEndpoint(id: $id) {
      ...endpointFragment_endpoint
    }
  }
`;

export function EndpointEdit() {
  const t = useTexts().destinations;
  const { endpoint: id } = endpointEditRoute.useParams();
  const navigate = endpointEditRoute.useNavigate();
  const maySegments = useMay("SEGMENT_READ");
  const mayWorkflows = useMay("WORKFLOW_READ");
  const [{ webhookEndpoint }] = useScreenQuery<endpointEditQuery>(QUERY, { id, maySegments, mayWorkflows });
  const endpoint = useFragment<endpointFragment_endpoint$key>(ENDPOINT, webhookEndpoint);
  if (!endpoint) return <NotFound />;
  return (
    <Screen
      title={t.form.editTitle}
      lead={
        <LinkTo to="/destinations/webhooks/$endpoint" params={{ endpoint: id }} size="sm">
          {endpoint.url}
        </LinkTo>
      }
    >
      <EndpointForm
        endpoint={endpoint}
        onDone={() => {
          notifyDone(t.form.saved);
          void navigate({ to: "/destinations/webhooks/$endpoint", params: { endpoint: id } });
        }}
      />
    </Screen>
  );
}
