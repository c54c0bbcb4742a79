import { Alert, Button, Card, Stack, Text, Title } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { Select } from "../../components/choices";
import { TextField } from "../../components/form_parts";
import { notifyDone } from "../../components/notify";
import { wordOf } from "../../format/words";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { messageFields_query$data, messageFields_query$key } from "../../__generated__/messageFields_query.graphql";
import type { messageFieldsSyncMutation } from "../../__generated__/messageFieldsSyncMutation.graphql";
import type { DraftValues } from "./draft_values";
import classes from "./message_fields.module.css";
import { NAME_ID } from "./new_broadcast_first_view";
import { ParameterFields } from "./parameter_fields";

const SYNC = graphql`
  mutation messageFieldsSyncMutation {
    messageTemplatesSync {
      messageTemplates {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

/** Everything about the workspace that the form of a broadcast shows. */
export const FORM_QUERY = graphql`
  fragment messageFields_query on Query @argumentDefinitions(mayReadContacts: { type: "Boolean!" }) {
    messageTemplates {
      id
      name
      language
      category
      status
      unsupported
      parameters
      optionalParameters
      buttons {
        text
      }
      ...templatePreview_template
    }
    whatsappChannel {
      status
      reason
    }
    contactFields @include(if: $mayReadContacts) {
      key
      label
    }
  }
`;

export type FormData = messageFields_query$data;
export type Template = FormData["messageTemplates"][number];

export function useFormData(key: messageFields_query$key): FormData {
  return useFragment(FORM_QUERY, key);
}

/** Why a template cannot be sent, in words; null when it can. */
function useRefusal(): (template: Template) => string | null {
  const t = useTexts().broadcasts;
  return (template) => {
    if (template.unsupported) return template.unsupported;
    return template.status === "APPROVED" ? null : wordOf(t.templateStatuses, template.status);
  };
}

/** The name of a broadcast, its template, and what fills the placeholders. `isFixed`: a retry sends what was sent before. */
export function MessageFields({
  data,
  values,
  onChange,
  errors,
  isFixed = false,
  onSynced,
}: {
  data: FormData;
  values: DraftValues;
  onChange: (values: DraftValues) => void;
  errors: readonly UserError[];
  isFixed?: boolean;
  onSynced: () => void;
}) {
  const t = useTexts().broadcasts;
  const refusalOf = useRefusal();
  const [sync, isSyncing] = useMutationCall<messageFieldsSyncMutation>(SYNC);
  const template = data.messageTemplates.find((each) => each.id === values.templateId);
  const fetchTemplates = async () => {
    const answer = await sync({});
    if (!answer) return;
    notifyDone(answer.messageTemplatesSync.userErrors[0]?.message ?? t.templatesFetched(answer.messageTemplatesSync.messageTemplates.length));
    onSynced();
  };
  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h4">
          {t.message}
        </Title>
        {!data.whatsappChannel && (
          <Alert color="orange" title={t.noChannel}>
            {t.noChannelLead}
          </Alert>
        )}
        {data.whatsappChannel?.status === "REFUSED" && (
          <Alert color="red">{t.channelRefused(data.whatsappChannel.reason ?? "")}</Alert>
        )}
        <TextField
          id={NAME_ID}
          label={t.name}
          hint={t.nameHint}
          isRequired
          required
          maxLength={200}
          value={values.name}
          onChange={(event) => onChange({ ...values, name: event.currentTarget.value })}
          error={errorOf(errors, "name")}
        />
        {isFixed ? (
          <Text size="sm">
            {t.template}: {template ? `${template.name} · ${template.language}` : ""}
          </Text>
        ) : (
          <div className={classes.template}>
            <Select
              label={t.template}
              placeholder={data.messageTemplates.length ? t.chooseTemplate : t.noTemplates}
              required
              flex="1 1 200px"
              searchable
              allowDeselect={false}
              value={values.templateId}
              data={data.messageTemplates.map((each) => ({
                value: each.id,
                label: `${each.name} · ${each.language}`,
                disabled: refusalOf(each) !== null,
              }))}
              renderOption={({ option }) => {
                const each = data.messageTemplates.find(({ id }) => id === option.value);
                if (!each) return option.label;
                const refusal = refusalOf(each);
                return (
                  <Stack gap={0}>
                    <Text size="sm">{option.label}</Text>
                    <Text size="xs" c="dimmed">
                      {wordOf(t.categories, each.category)}
                      {refusal && ` · ${t.notSendable(refusal)}`}
                    </Text>
                  </Stack>
                );
              }}
              onChange={(templateId) => onChange({ ...values, templateId })}
              error={errorOf(errors, "templateId")}
            />
            <Button variant="default" leftSection={<IconRefresh size={16} />} loading={isSyncing} onClick={fetchTemplates}>
              {t.fetchTemplates}
            </Button>
          </div>
        )}
        {data.messageTemplates.length === 0 && (
          <Text size="sm" c="dimmed">
            {t.noTemplatesLead}
          </Text>
        )}
        {template && !isFixed && (
          <ParameterFields
            template={template}
            customFields={data.contactFields ?? []}
            values={values}
            onChange={onChange}
            errors={errors}
          />
        )}
      </Stack>
    </Card>
  );
}
