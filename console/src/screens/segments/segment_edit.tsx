import { useRef, useState } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";

import { NotFound } from "../../app/failures";
import { ButtonTo } from "../../components/link";
import { notifyDone } from "../../components/notify";
import { Screen } from "../../components/screen";
import { useMutationCall } from "../../relay/commit";
import { EMPTY_RULE, type RuleInput } from "../../rules/rule";
import { useTexts } from "../../texts/texts";
import type { segmentEditMutation } from "../../__generated__/segmentEditMutation.graphql";
import type { segmentEditQuery, segmentEditQuery$data } from "../../__generated__/segmentEditQuery.graphql";
import { Conflict, type Theirs } from "./conflict";
import { segmentEditRoute } from "./routes";
import { SegmentForm, type SegmentValues } from "./segment_form";

const QUERY = graphql`
  query segmentEditQuery($id: ID!) {
    segment(id: $id) {
      id
      name
      description
      kind
      rule
      ruleQuery
      version
    }
    ...catalogue_rules
  }
`;

const UPDATE = graphql`
  mutation segmentEditMutation($id: ID!, $input: SegmentUpdateInput!) {
    segmentUpdate(id: $id, input: $input) {
      segment {
        id
        name
        description
        version
        status
        rule
        ruleText
        ruleQuery
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

export function SegmentEdit() {
  const { segmentId } = segmentEditRoute.useParams();
  const data = useLazyLoadQuery<segmentEditQuery>(QUERY, { id: segmentId }, { fetchPolicy: "network-only" });
  return data.segment ? <Editor key={data.segment.id} data={data} read={data.segment} /> : <NotFound />;
}

type Read = NonNullable<segmentEditQuery$data["segment"]>;

function valuesOf(segment: Pick<Read, "name" | "description" | "kind" | "rule">): SegmentValues {
  return {
    name: segment.name,
    description: segment.description ?? "",
    kind: segment.kind,
    rule: segment.rule ? (segment.rule as RuleInput) : EMPTY_RULE,
  };
}

function Editor({ data, read }: { data: segmentEditQuery$data; read: Read }) {
  const t = useTexts();
  const { form } = segmentEditRoute.useSearch();
  const navigate = segmentEditRoute.useNavigate();
  const [update, busy] = useMutationCall<segmentEditMutation>(UPDATE);
  const [saved, setSaved] = useState(() => ({ id: read.id, values: valuesOf(read) }));
  const [values, setValues] = useState<SegmentValues>(saved.values);
  const [savedText] = useState(read.ruleQuery);
  const version = useRef(read.version);
  const [isConflict, setConflict] = useState(false);

  const save = async ({ name, description, kind, rule }: SegmentValues, overwrites = false) => {
    const isSame = !overwrites && JSON.stringify(rule) === JSON.stringify(saved.values.rule);
    const input = {
      name,
      description: description || null,
      version: version.current,
      ...(kind === "STATIC" || isSame ? {} : { rule }),
    };
    const answer = await update({ id: read.id, input });
    if (!answer) return [];
    const { segment, userErrors } = answer.segmentUpdate;
    if (!segment) {
      const isOvertaken = userErrors.some(({ code }) => code === "CONFLICT");
      setConflict(isOvertaken);
      return isOvertaken ? [] : userErrors;
    }
    notifyDone(t.segments.updated(name));
    await navigate({ to: "/segments/$segmentId", params: { segmentId: read.id }, ignoreBlocker: true });
    return [];
  };
  const take = (theirs: Theirs) => {
    const taken = valuesOf(theirs);
    version.current = theirs.version;
    setSaved({ id: read.id, values: taken });
    setValues(taken);
    setConflict(false);
  };
  const overwrite = (theirs: Theirs) => {
    version.current = theirs.version;
    setConflict(false);
    void save(values, true);
  };
  return (
    <Screen title={t.segments.editTitle(saved.values.name)} lead={t.segments.kindLeads[read.kind]}>
      <SegmentForm
        values={values}
        onChange={setValues}
        saved={saved}
        savedText={savedText}
        catalogue={data}
        busy={busy}
        onSave={(given) => save(given)}
        form={form}
        onForm={(next) => void navigate({ search: { form: next }, replace: true })}
        actions={
          <ButtonTo to="/segments/$segmentId" params={{ segmentId: read.id }} variant="subtle">
            {t.common.cancel}
          </ButtonTo>
        }
      />
      {isConflict && (
        <Conflict segmentId={read.id} mine={values} onTake={take} onOverwrite={overwrite} onClose={() => setConflict(false)} />
      )}
    </Screen>
  );
}
