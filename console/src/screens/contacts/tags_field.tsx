import { type TagsInputProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { TagsInput } from "../../components/choices";
import { useRead } from "../../relay/read";
import { useTexts } from "../../texts/texts";
import type { tagsFieldQuery } from "../../__generated__/tagsFieldQuery.graphql";

const QUERY = graphql`
  query tagsFieldQuery($search: String) {
    tags(search: $search, first: 20)
  }
`;

/** Tags to type; those in use are suggested once something is typed, so that the list never hides what is below. */
export function TagsField(props: Omit<TagsInputProps, "data">) {
  const t = useTexts();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), 150);
  const { data } = useRead<tagsFieldQuery>(QUERY, search ? { search } : null);
  return (
    <TagsInput
      maxTags={200}
      acceptValueOnBlur
      clearable={false}
      splitChars={[",", ";", "\t", "\n"]}
      aria-description={t.contacts.tagsHint}
      {...props}
      data={search ? (data?.tags.map(String) ?? []) : []}
      onSearchChange={setTyped}
    />
  );
}
