import { Stepper } from "@mantine/core";
import { useState } from "react";

import { Screen } from "../../components/screen";
import type { UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import { ImportCheck } from "./import_check";
import { optionsOf } from "./import_choices";
import { ImportColumns } from "./import_columns";
import { ImportFile } from "./import_file";
import { ImportPolicies } from "./import_policies";
import { useImportStart } from "./import_start";
import { useKeptChoices } from "./kept_choices";
import { importRoute, STEPS } from "./routes";

/** From a file to contacts in four steps: the file, its columns, what to do with known contacts, and a check of all rows. */
export function ImportNew() {
  const t = useTexts();
  const { upload, step: wanted = "file", check } = importRoute.useSearch();
  const navigate = importRoute.useNavigate();
  const [kept, keep] = useKeptChoices(upload);
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [start, starting] = useImportStart();
  const furthest = !upload ? 0 : !kept.choices ? 1 : !check ? 2 : 3;
  const active = Math.min(STEPS.indexOf(wanted), furthest);
  const step = STEPS[active];
  const goTo = (next: (typeof STEPS)[number]) => void navigate({ search: { upload, check, step: next } });

  const toOptions = (dryRun: boolean) => kept.choices && optionsOf(kept.choices, kept.reading, kept.headerRow, dryRun);
  const run = async (dryRun: boolean) => {
    const options = toOptions(dryRun);
    if (!upload || !options) return;
    const started = await start(upload, options);
    if (!started) return;
    if ("errors" in started) {
      setErrors(started.errors);
      if (started.errors.some(({ field }) => field?.includes("columns"))) goTo("columns");
      return;
    }
    setErrors([]);
    if (dryRun) void navigate({ search: { upload, step: "check", check: started.job } });
    else void navigate({ to: "/transfers/$job", params: { job: started.job } });
  };

  return (
    <Screen title={t.transfers.import.title} lead={t.transfers.import.lead}>
      <Stepper active={active} onStepClick={(index) => goTo(STEPS[index] ?? "file")} allowNextStepsSelect={false} size="sm" iconSize={30}>
        {STEPS.map((each, index) => (
          <Stepper.Step key={each} label={t.transfers.import.steps[each]} allowStepSelect={index < active} aria-current={index === active ? "step" : undefined} />
        ))}
      </Stepper>
      {step === "file" && <ImportFile onUploaded={(id) => void navigate({ search: { upload: id, step: "columns" } })} />}
      {step === "columns" && upload && (
        <ImportColumns
          upload={upload}
          kept={kept}
          keep={keep}
          errors={errors}
          onBack={() => void navigate({ search: {} })}
          onNext={() => {
            setErrors([]);
            goTo("choices");
          }}
        />
      )}
      {step === "choices" && kept.choices && (
        <ImportPolicies
          choices={kept.choices}
          onChange={(choices) => keep((before) => ({ ...before, choices }))}
          options={toOptions(false)}
          errors={errors}
          busy={starting}
          onBack={() => goTo("columns")}
          onNext={() => void run(true)}
        />
      )}
      {step === "check" && check && (
        <ImportCheck job={check} busy={starting} canStart={kept.choices !== null} onBack={() => goTo("choices")} onStart={() => void run(false)} />
      )}
    </Screen>
  );
}
