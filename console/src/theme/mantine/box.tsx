import { extractStyleProps, hashStyleProps, InlineStyles, isNumberLike, parseStyleProps, STYLE_PROPS_DATA, useMantineTheme, type MantineTheme } from "@mantine/core";
import type { CSSProperties, ElementType, ReactNode } from "react";

import { addStyle, type Style } from "./style";

type Mod = string | Record<string, unknown> | readonly Mod[] | null | undefined;

type Props = {
  component?: ElementType;
  style?: Style;
  __vars?: Style;
  className?: string;
  variant?: string;
  mod?: Mod;
  size?: string | number;
  __size?: string | number;
  hiddenFrom?: string;
  visibleFrom?: string;
  lightHidden?: boolean;
  darkHidden?: boolean;
  renderRoot?: (props: object) => ReactNode;
} & Record<string, unknown>;

let kept: ReadonlyMap<string, number> | undefined;

/** The props that are styles, with the order in which they count: `mt` after `m`. It is asked for late, as Mantine waits for this file. */
function order(): ReadonlyMap<string, number> {
  const all = () => Object.fromEntries(Object.keys(STYLE_PROPS_DATA).map((name) => [name, null]));
  kept ??= new Map(Object.keys(extractStyleProps(all()).styleProps).map((name, index) => [name, index]));
  return kept;
}

/**
 * Stands in for the one of Mantine, which each of its elements is drawn by: it looks for what is given, where Mantine takes apart and
 * puts together all of some sixty props that might be.
 */
export function Box({ component: Element = "div", style, __vars: vars, className, variant, mod, size, __size, renderRoot, ...others }: Props) {
  const theme = useMantineTheme();
  const { hiddenFrom, visibleFrom, lightHidden, darkHidden, ...more } = others;
  const props: Record<string, unknown> = {};
  const styles = order();
  const found: string[] = [];
  const css: CSSProperties = {};
  if (style) addStyle(css, style, theme);
  if (vars) addStyle(css, vars, theme);
  if (variant !== undefined) props["data-variant"] = variant;
  if (size && !isNumberLike(size)) props["data-size"] = size;
  if (__size !== undefined) props.size = __size;
  addMod(props, mod);
  for (const name in more) {
    if (!styles.has(name)) props[name] = more[name];
    else if (more[name] !== undefined) found.push(name);
  }
  let all = className;
  const add = (name: string) => {
    all = all ? `${all} ${name}` : name;
  };
  if (lightHidden) add("mantine-light-hidden");
  if (darkHidden) add("mantine-dark-hidden");
  if (hiddenFrom) add(`mantine-hidden-from-${hiddenFrom}`);
  if (visibleFrom) add(`mantine-visible-from-${visibleFrom}`);
  const parsed = found.length > 0 ? parse(found, more, theme) : null;
  if (parsed) Object.assign(css, parsed.inlineStyles);
  const hash = parsed?.hasResponsiveStyles ? hashStyleProps(parsed.styles, parsed.media) : null;
  if (hash) add(hash);
  props.style = css;
  props.className = all;
  const root = typeof renderRoot === "function" ? renderRoot(props) : <Element {...props} />;
  if (!parsed || !hash) return root;
  return (
    <>
      <InlineStyles selector={`.${hash}`} styles={parsed.styles} media={parsed.media} />
      {root}
    </>
  );
}

function parse(found: string[], props: Record<string, unknown>, theme: MantineTheme) {
  found.sort((one, other) => (order().get(one) ?? 0) - (order().get(other) ?? 0));
  const styleProps = Object.fromEntries(found.map((name) => [name, props[name]]));
  return parseStyleProps({ styleProps: styleProps as never, theme, data: STYLE_PROPS_DATA });
}

const named = new Map<string, string>();

/** `{ lineClamp: true }` becomes `data-line-clamp`. */
function addMod(props: Record<string, unknown>, mod: Mod): void {
  if (!mod) return;
  if (typeof mod === "string") props[attributeOf(mod)] = true;
  else if (Array.isArray(mod)) for (const each of mod as readonly Mod[]) addMod(props, each);
  else {
    const values = mod as Record<string, unknown>;
    for (const name in values) {
      const value = values[name];
      if (value !== undefined && value !== "" && value !== false && value !== null) props[attributeOf(name)] = value;
    }
  }
}

function attributeOf(mod: string): string {
  let attribute = named.get(mod);
  if (attribute === undefined) {
    attribute = `data-${mod.replace(/^data-/, "").replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase()}`;
    named.set(mod, attribute);
  }
  return attribute;
}
