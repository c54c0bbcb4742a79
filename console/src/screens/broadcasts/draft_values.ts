import type { BroadcastCreateInput } from "../../__generated__/newBroadcastMutation.graphql";
import type { Binding } from "./fill_template";

/** What a person writes of a broadcast. `bindings` may hold placeholders of other templates: they are kept while one is chosen. */
export type DraftValues = {
  name: string;
  templateId: string | null;
  bindings: readonly Binding[];
  include: readonly string[];
  exclude: readonly string[];
  requireOptIn: boolean;
  maxLateness: string | null;
};

export type Placeholders = { readonly parameters: readonly string[]; readonly optionalParameters: readonly string[] };

export const EMPTY_DRAFT: DraftValues = {
  name: "",
  templateId: null,
  bindings: [],
  include: [],
  exclude: [],
  requireOptIn: true,
  maxLateness: null,
};

/** The names of a template's placeholders, those that must be filled first. */
export function namesOf(template: Placeholders | null | undefined): string[] {
  return template ? [...template.parameters, ...template.optionalParameters] : [];
}

export function bindingOf(bindings: readonly Binding[], name: string): Binding | undefined {
  return bindings.find((binding) => binding.name === name);
}

export function withBinding(bindings: readonly Binding[], next: Binding): Binding[] {
  const known = bindings.some((binding) => binding.name === next.name);
  return known ? bindings.map((binding) => (binding.name === next.name ? next : binding)) : [...bindings, next];
}

/** The bindings that are sent: those of the template's own placeholders that have something to fill them. */
export function sentBindings(bindings: readonly Binding[], template: Placeholders | null | undefined): Binding[] {
  return namesOf(template).flatMap((name): Binding[] => {
    const binding = bindingOf(bindings, name);
    if (!binding) return [];
    if (binding.field != null) return [{ name, field: binding.field, fallback: binding.fallback?.trim() ? binding.fallback : null }];
    return binding.text?.trim() ? [{ name, text: binding.text }] : [];
  });
}

export function inputOf(values: DraftValues, template: Placeholders | null | undefined): BroadcastCreateInput | null {
  if (values.templateId === null) return null;
  return {
    name: values.name.trim(),
    templateId: values.templateId,
    parameters: sentBindings(values.bindings, template),
    includeSegmentIds: [...values.include],
    excludeSegmentIds: [...values.exclude],
    requireOptIn: values.requireOptIn,
    maxLateness: values.maxLateness,
  };
}
