import { Button, Card, Group, PasswordInput, Stack } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { notifyDone } from "../../components/notify";
import { Screen } from "../../components/screen";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { passwordSettingsMutation } from "../../__generated__/passwordSettingsMutation.graphql";

const CHANGE = graphql`
  mutation passwordSettingsMutation($current: String!, $new: String!) {
    passwordChange(current: $current, new: $new) {
      member {
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

/** The member's own password. */
export function PasswordSettings() {
  const t = useTexts();
  const [values, setValues] = useState({ current: "", new: "", again: "" });
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [isDifferent, setDifferent] = useState(false);
  const [change, busy] = useMutationCall<passwordSettingsMutation>(CHANGE);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setDifferent(values.new !== values.again);
    if (values.new !== values.again) return;
    const answer = await change({ current: values.current, new: values.new });
    if (!answer) return;
    setErrors(answer.passwordChange.userErrors);
    if (answer.passwordChange.userErrors.length === 0) {
      setValues({ current: "", new: "", again: "" });
      notifyDone(t.settings.password.changed);
    }
  };
  const input = (name: keyof typeof values, autoComplete: string, error: string | undefined, description?: string) => (
    <PasswordInput
      label={t.settings.password[name]}
      description={description}
      autoComplete={autoComplete}
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ "aria-label": t.settings.password.show }}
      value={values[name]}
      onChange={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
      error={error}
    />
  );
  return (
    <Screen title={t.settings.tabs.password} lead={t.settings.password.lead}>
      <Card withBorder component="form" maw={480} onSubmit={(event: FormEvent) => void submit(event)}>
        <Stack>
          {input("current", "current-password", errorOf(errors, "current"))}
          {input("new", "new-password", errorOf(errors, "new"), t.settings.password.rule)}
          {input("again", "new-password", isDifferent ? t.settings.password.differ : undefined)}
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {t.settings.password.change}
            </Button>
          </Group>
        </Stack>
      </Card>
    </Screen>
  );
}
