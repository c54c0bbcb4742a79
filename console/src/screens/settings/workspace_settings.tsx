import { Button, Card, Group, NumberInput, Stack, Switch } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { notifyDone } from "../../components/notify";
import { TextField } from "../../components/form_parts";
import { Screen } from "../../components/screen";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useSession } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { workspaceSettingsMutation } from "../../__generated__/workspaceSettingsMutation.graphql";
import type { workspaceSettingsQuery } from "../../__generated__/workspaceSettingsQuery.graphql";
import { daysOf } from "./places";
import { CountrySelect, ZoneSelect } from "./place_selects";
import { NAME_ID } from "./workspace_first_view";

const QUERY = graphql`
  query workspaceSettingsQuery {
    viewer {
      workspace {
        id
        name
        timezone
        defaultCountry
        messageCap {
          count
          window
        }
      }
    }
  }
`;

const UPDATE = graphql`
  mutation workspaceSettingsMutation($input: WorkspaceUpdateInput!) {
    workspaceUpdate(input: $input) {
      workspace {
        id
        name
        timezone
        defaultCountry
        messageCap {
          count
          window
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

/** What the whole workspace goes by: its name, its zone, the country of its numbers, and how many messages a contact gets. */
export function WorkspaceSettings() {
  const t = useTexts();
  const [{ viewer }] = useScreenQuery<workspaceSettingsQuery>(QUERY, {});
  const { workspace } = viewer;
  const { refresh } = useSession();
  const [name, setName] = useState(workspace.name);
  const [timezone, setTimezone] = useState(workspace.timezone);
  const [country, setCountry] = useState(workspace.defaultCountry ?? null);
  const [isCapped, setCapped] = useState(workspace.messageCap != null);
  const [count, setCount] = useState<number | string>(workspace.messageCap?.count ?? 2);
  const [days, setDays] = useState<number | string>(daysOf(workspace.messageCap?.window as string | undefined) ?? 7);
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [update, busy] = useMutationCall<workspaceSettingsMutation>(UPDATE);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (timezone !== workspace.timezone) {
      const isSure = await confirm({
        title: t.settings.workspace.zoneTitle,
        children: t.settings.workspace.zoneLead(timezone),
        action: t.settings.workspace.zoneAction,
      });
      if (!isSure) return;
    }
    const answer = await update({
      input: {
        name,
        timezone,
        defaultCountry: country,
        messageCap: isCapped ? { count: Number(count), window: `P${Number(days)}D` } : null,
      },
    });
    if (!answer) return;
    setErrors(answer.workspaceUpdate.userErrors);
    if (answer.workspaceUpdate.userErrors.length === 0) {
      notifyDone(t.settings.workspace.saved);
      refresh();
    }
  };
  return (
    <Screen title={t.settings.tabs.workspace} lead={t.settings.workspace.lead}>
      <Card withBorder component="form" onSubmit={(event: FormEvent) => void submit(event)} maw={640}>
        <Stack>
          <TextField
            id={NAME_ID}
            label={t.settings.workspace.name}
            isRequired
            required
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errorOf(errors, "name")}
          />
          <ZoneSelect value={timezone} onChange={setTimezone} error={errorOf(errors, "timezone")} />
          <CountrySelect value={country} onChange={setCountry} error={errorOf(errors, "defaultCountry")} />
          <Switch
            label={t.settings.workspace.cap}
            description={t.settings.workspace.capHint}
            checked={isCapped}
            onChange={(event) => setCapped(event.currentTarget.checked)}
          />
          {isCapped && (
            <Group align="flex-start">
              <NumberInput
                label={t.settings.workspace.capCount}
                min={1}
                max={1000}
                allowDecimal={false}
                value={count}
                onChange={setCount}
                error={errorOf(errors, "messageCap", "count")}
                w={140}
              />
              <NumberInput
                label={t.settings.workspace.capWindow}
                min={1}
                max={365}
                allowDecimal={false}
                value={days}
                onChange={setDays}
                suffix={` ${t.settings.workspace.days(Number(days) || 1).replace(/^[\d.,\s]+/, "")}`}
                error={errorOf(errors, "messageCap", "window") ?? errorOf(errors, "messageCap")}
                w={160}
              />
            </Group>
          )}
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {t.common.save}
            </Button>
          </Group>
        </Stack>
      </Card>
    </Screen>
  );
}
