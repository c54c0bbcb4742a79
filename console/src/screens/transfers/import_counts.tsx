import { graphql, useFragment } from "react-relay";

import { FigureCards } from "../../components/figure_cards";
import { useTexts } from "../../texts/texts";
import type { importCounts_job$key } from "../../__generated__/importCounts_job.graphql";

/** What became of the rows of an import, as numbers that move while it runs. */
export function ImportCounts({ job }: { job: importCounts_job$key }) {
  const t = useTexts().transfers.counts;
  const { created, updated, unchanged, skipped, rejected, partial } = useFragment(
    graphql`
      fragment importCounts_job on ImportJob {
        created
        updated
        unchanged
        skipped
        rejected
        partial
      }
    `,
    job,
  );
  const counts = [
    { label: t.created, lead: t.createdLead, count: created },
    { label: t.updated, lead: t.updatedLead, count: updated },
    { label: t.unchanged, lead: t.unchangedLead, count: unchanged },
    { label: t.skipped, lead: t.skippedLead, count: skipped },
    { label: t.rejected, lead: t.rejectedLead, count: rejected },
    { label: t.partial, lead: t.partialLead, count: partial },
  ];
  return <FigureCards figures={counts} cols={{ base: 2, sm: 3, lg: 6 }} />;
}
