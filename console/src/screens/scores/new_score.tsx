import { useState } from "react";
import { graphql } from "relay-runtime";

import { notifyDone } from "../../components/notify";
import { Screen } from "../../components/screen";
import { useMutationCall, type UserError } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useTexts } from "../../texts/texts";
import type { newScoreMutation } from "../../__generated__/newScoreMutation.graphql";
import type { newScoreQuery } from "../../__generated__/newScoreQuery.graphql";
import { newDraft } from "./definition";
import { newScoreRoute } from "./routes";
import { ScoreForm } from "./score_form";

const QUERY = graphql`
  query newScoreQuery {
    ...catalogue_rules
  }
`;

const CREATE = graphql`
  mutation newScoreMutation($input: ScoreModelInput!) {
    scoreModelCreate(input: $input) {
      scoreModel {
        id
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

export function NewScore() {
  const t = useTexts().scores;
  const navigate = newScoreRoute.useNavigate();
  const [data] = useScreenQuery<newScoreQuery>(QUERY, {});
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [create, isBusy] = useMutationCall<newScoreMutation>(CREATE);
  return (
    <Screen title={t.newTitle} lead={t.lead}>
      <ScoreForm
        first={newDraft}
        catalogue={data}
        isNew
        errors={errors}
        isBusy={isBusy}
        submitLabel={t.create}
        onSubmit={async (input) => {
          const answer = await create({ input });
          if (!answer) return;
          const { scoreModel, userErrors } = answer.scoreModelCreate;
          setErrors(userErrors);
          if (!scoreModel) return;
          notifyDone(t.created);
          void navigate({ to: "/scores/$scoreModelId", params: { scoreModelId: scoreModel.id } });
        }}
      />
    </Screen>
  );
}
