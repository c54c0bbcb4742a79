import { Alert, Button, Group } from "@mantine/core";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { NotFound } from "../../app/failures";
import { notifyDone } from "../../components/notify";
import { Screen } from "../../components/screen";
import { useMutationCall, type UserError } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useTexts } from "../../texts/texts";
import type { editScoreMutation } from "../../__generated__/editScoreMutation.graphql";
import type { editScoreQuery, editScoreQuery$data } from "../../__generated__/editScoreQuery.graphql";
import type { ScoreModelInput } from "../../__generated__/scorePreviewQuery.graphql";
import { draftOf } from "./definition";
import { editScoreRoute } from "./routes";
import { ScoreForm } from "./score_form";

const QUERY = graphql`
  query editScoreQuery($id: ID!) {
    ...catalogue_rules
    scoreModel(id: $id) {
      id
      name
      version
      definition
    }
  }
`;

const SAVE = graphql`
  mutation editScoreMutation($id: ID!, $input: ScoreModelInput!, $version: Int) {
    scoreModelUpdate(id: $id, input: $input, version: $version) {
      scoreModel {
        id
        name
        version
        definition
        status
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

export function EditScore() {
  const { scoreModelId: id } = editScoreRoute.useParams();
  const [data, reload] = useScreenQuery<editScoreQuery>(QUERY, { id });
  const [isTheirs, setTheirs] = useState(false);
  if (!data.scoreModel) return <NotFound />;
  return (
    <Editor
      key={isTheirs ? data.scoreModel.version : "mine"}
      data={data}
      model={data.scoreModel}
      onTheirs={() => {
        setTheirs(true);
        reload();
      }}
    />
  );
}

type Model = NonNullable<editScoreQuery$data["scoreModel"]>;

function Editor({ data, model, onTheirs }: { data: editScoreQuery$data; model: Model; onTheirs: () => void }) {
  const t = useTexts().scores;
  const navigate = editScoreRoute.useNavigate();
  const [version] = useState(model.version);
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [refused, setRefused] = useState<ScoreModelInput | null>(null);
  const [save, isBusy] = useMutationCall<editScoreMutation>(SAVE);
  const send = async (input: ScoreModelInput, expected: number | null) => {
    const answer = await save({ id: model.id, input, version: expected });
    if (!answer) return;
    const { userErrors } = answer.scoreModelUpdate;
    setErrors(userErrors);
    setRefused(userErrors.some(({ code }) => code === "CONFLICT") ? input : null);
    if (userErrors.length > 0) return;
    notifyDone(t.saved);
    void navigate({ to: "/scores/$scoreModelId", params: { scoreModelId: model.id } });
  };
  return (
    <Screen title={t.editTitle(model.name)}>
      <ScoreForm
        first={() => draftOf(model.definition)}
        catalogue={data}
        errors={errors}
        isBusy={isBusy}
        submitLabel={t.save}
        onSubmit={(input) => void send(input, version)}
        notice={
          refused && (
            <Alert color="orange" role="alert">
              {t.conflict}
              <Group gap="xs" mt="xs">
                <Button size="compact-sm" variant="light" onClick={onTheirs}>
                  {t.loadTheirs}
                </Button>
                <Button size="compact-sm" variant="light" color="red" onClick={() => void send(refused, null)}>
                  {t.overwrite}
                </Button>
              </Group>
            </Alert>
          )
        }
      />
    </Screen>
  );
}
