import { useMantineTheme } from "@mantine/core";

type Props = Record<string, unknown>;

/** Stands in for the one of Mantine: fills in what is not given. It copies the props once, where Mantine does it three times. */
export function useProps(component: string | readonly (string | null | undefined)[], defaults: Props | null, given: Props): Props {
  const { components } = useMantineTheme();
  const names = typeof component === "string" ? [component] : component;
  const props: Props = { ...defaults };
  for (const name of names) {
    if (name && components[name]) Object.assign(props, components[name].defaultProps);
  }
  for (const name in given) {
    if (given[name] !== undefined) props[name] = given[name];
  }
  return props;
}
