import { resolveClassNames, resolveStyles, useMantineTheme, type MantineTheme } from "@mantine/core";
import type { CSSProperties } from "react";

import { addStyle, type Style } from "./style";

type Styles = Record<string, CSSProperties>;
type Resolver = (theme: MantineTheme, props: unknown, context: unknown) => Record<string, Record<string, string | undefined>>;

type Input = {
  name: string | readonly (string | undefined)[];
  classes: Record<string, string>;
  props: Record<string, unknown>;
  stylesCtx?: Record<string, unknown>;
  className?: string;
  style?: Style;
  rootSelector?: string;
  unstyled?: boolean;
  classNames?: object;
  styles?: object;
  vars?: Resolver;
  varsResolver?: Resolver;
  attributes?: Record<string, object>;
};

type Options = {
  className?: string;
  style?: Style;
  classNames?: object;
  styles?: object;
  props?: Record<string, unknown>;
  variant?: string;
  focusable?: boolean;
  active?: boolean;
  withStaticClass?: boolean;
};

type GetStyles = (selector: string, options?: Options) => { className: string; style: CSSProperties };

const NOTHING: Options = {};

/**
 * Stands in for the one of Mantine, which is most of what Mantine does when it draws: gives the classes and the style of each part of a
 * component. Here what depends on the component alone is made once, and nothing is made of what was not given. A theme that styles
 * components, which ours does not (a test holds that), would be left out.
 */
export function useStyles({ name, rootSelector = "root", ...given }: Input): GetStyles {
  const theme = useMantineTheme();
  const { classes, props, stylesCtx, className, style, unstyled = false, classNames, styles, vars, varsResolver, attributes } = given;
  const names = typeof name === "string" ? name : name.filter(Boolean).join(" ");
  const givenClasses = classNames && resolveClassNames({ theme, classNames, props, stylesCtx } as never);
  const givenStyles = styles && (resolveStyles({ theme, styles, props, stylesCtx } as never) as Styles);
  const ownVars = varsResolver?.(theme, props, stylesCtx);
  const givenVars = vars?.(theme, props, stylesCtx);

  return (selector, options = NOTHING) => {
    const isRoot = selector === rootSelector;
    let all = ownClasses(names, classes, selector, options, unstyled, theme);
    if (givenClasses?.[selector]) all += ` ${givenClasses[selector]}`;
    if (options.classNames) {
      const more = resolveClassNames({ theme, classNames: options.classNames, props: options.props ?? props, stylesCtx } as never)[selector];
      if (more) all += ` ${more}`;
    }
    if (isRoot && className) all += ` ${className}`;
    if (options.className) all += ` ${options.className}`;
    const css: CSSProperties = { ...givenStyles?.[selector] };
    if (options.styles) Object.assign(css, (resolveStyles({ theme, styles: options.styles, props: options.props ?? props, stylesCtx } as never) as Styles)[selector]);
    addVars(css, ownVars?.[selector]);
    addVars(css, givenVars?.[selector]);
    if (isRoot && style) addStyle(css, style, theme);
    if (options.style) addStyle(css, options.style, theme);
    return { ...attributes?.[selector], className: all, style: css };
  };
}

const made = new WeakMap<object, Map<string, string>>();

/** The classes that a part of a component always has. */
function ownClasses(
  names: string,
  classes: Record<string, string>,
  selector: string,
  { focusable = false, active = false, variant = "", withStaticClass = true }: Options,
  unstyled: boolean,
  theme: MantineTheme,
): string {
  let ofComponent = made.get(classes);
  if (!ofComponent) made.set(classes, (ofComponent = new Map()));
  const key = `${names},${selector},${focusable},${active},${variant},${withStaticClass},${unstyled}`;
  let own = ofComponent.get(key);
  if (own !== undefined) return own;
  const styled = [focusable && `mantine-focus-${theme.focusRing}`, active && theme.activeClassName, variant && classes[`${selector}--${variant}`], classes[selector]];
  const fixed = withStaticClass && names ? names.split(" ").map((each) => `mantine-${each}-${selector}`) : [];
  own = [...(unstyled ? [] : styled), ...fixed].filter(Boolean).join(" ");
  ofComponent.set(key, own);
  return own;
}

function addVars(css: object, vars: Record<string, string | undefined> | undefined): void {
  for (const name in vars) {
    if (vars[name] !== undefined) Object.assign(css, { [name]: vars[name] });
  }
}
