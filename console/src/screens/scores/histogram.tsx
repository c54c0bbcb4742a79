import { Table, VisuallyHidden } from "@mantine/core";
import type { CSSProperties } from "react";

import { formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import classes from "./histogram.module.css";

export type Bucket = { readonly from: number; readonly to: number; readonly count: number };

const DIGITS = { maximumFractionDigits: 1 };

/** How a value is spread over all contacts, as bars; a table says the same to those who do not see them. */
export function Histogram({ buckets }: { buckets: readonly Bucket[] }) {
  const t = useTexts().scores;
  const most = Math.max(1, ...buckets.map(({ count }) => count));
  const words = ({ from, to }: Bucket) => t.bucket(formatNumber(from, DIGITS), formatNumber(to, DIGITS));
  const first = buckets[0];
  const last = buckets.at(-1);
  if (!first || !last) return <p>{t.nobody}</p>;
  return (
    <div>
      <div className={classes.bars} aria-hidden>
        {buckets.map((bucket) => (
          <div
            key={bucket.from}
            className={classes.bar}
            data-empty={bucket.count === 0}
            style={{ "--share": `${(bucket.count / most) * 100}%` } as CSSProperties}
            title={`${words(bucket)}: ${t.contacts(bucket.count)}`}
          />
        ))}
      </div>
      <div className={classes.ends} aria-hidden>
        <span>{formatNumber(first.from, DIGITS)}</span>
        <span>{formatNumber(last.to, DIGITS)}</span>
      </div>
      <VisuallyHidden>
        <Table aria-label={t.distribution}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.value}</Table.Th>
              <Table.Th>{t.contactCount}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {buckets
              .filter(({ count }) => count > 0)
              .map((bucket) => (
                <Table.Tr key={bucket.from}>
                  <Table.Td>{words(bucket)}</Table.Td>
                  <Table.Td>{formatNumber(bucket.count)}</Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
      </VisuallyHidden>
    </div>
  );
}
