import { Alert, Button, Card, SimpleGrid, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconApi, IconFileUpload, IconTestPipe } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ComponentType, type ReactNode } from "react";

import { ButtonTo } from "../../components/link";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import { useUpload } from "../transfers/upload";

/** What a workspace without contacts begins with: a file, some invented people, or the API. */
export function FirstSteps() {
  const t = useTexts().home.first;
  const mayImport = useMay("CONTACT_IMPORT");
  const mayTokens = useMay("TOKEN_MANAGE");
  return (
    <Card withBorder padding="lg" component="section" aria-label={t.title}>
      <Title order={2} size="h4">
        {t.title}
      </Title>
      <Text c="dimmed" size="sm" mb="md">
        {t.lead}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {mayImport && (
          <Step icon={IconFileUpload} title={t.import} lead={t.importLead}>
            <ButtonTo to="/transfers/import">{t.importAction}</ButtonTo>
          </Step>
        )}
        {mayImport && <SampleStep />}
        <Step icon={IconApi} title={t.api} lead={t.apiLead}>
          {mayTokens && (
            <ButtonTo to="/settings/tokens" variant="default">
              {t.apiAction}
            </ButtonTo>
          )}
        </Step>
      </SimpleGrid>
    </Card>
  );
}

function SampleStep() {
  const t = useTexts().home.first;
  const navigate = useNavigate();
  const upload = useUpload();
  const [isBusy, setBusy] = useState(false);
  const begin = async () => {
    setBusy(true);
    const { SAMPLE } = await import("./sample_contacts");
    const id = await upload.send(new File([SAMPLE], "sample-contacts.csv", { type: "text/csv" }));
    setBusy(false);
    if (id) void navigate({ to: "/transfers/import", search: { upload: id, step: "columns" } });
  };
  return (
    <Step icon={IconTestPipe} title={t.sample} lead={t.sampleLead}>
      <Button variant="default" loading={isBusy} onClick={() => void begin()}>
        {t.sampleAction}
      </Button>
      {upload.error && (
        <Alert color="red" role="alert" p="xs">
          {upload.error}
        </Alert>
      )}
    </Step>
  );
}

function Step({
  icon: Icon,
  title,
  lead,
  children,
}: {
  icon: ComponentType<{ size?: number }>;
  title: string;
  lead: string;
  children: ReactNode;
}) {
  return (
    <Stack gap="xs" align="flex-start">
      <ThemeIcon size="lg" radius="md" variant="light" aria-hidden>
        <Icon size={20} />
      </ThemeIcon>
      <Title order={3} size="h6">
        {title}
      </Title>
      <Text size="sm" c="dimmed" flex={1}>
        {lead}
      </Text>
      {children}
    </Stack>
  );
}
