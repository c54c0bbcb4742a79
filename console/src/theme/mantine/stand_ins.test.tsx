import {
  Box as TheirBox,
  createTheme,
  MantineProvider,
  useProps as useTheirProps,
  useStyles as useTheirStyles,
  type BoxProps,
  type MantineThemeOverride,
} from "@mantine/core";
import { createElement, type ElementType, type ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";

import { theme } from "../theme";
import { Box } from "./box";
import { PopoverContextProvider, usePopoverContext } from "./popover_context";
import { useProps } from "./use_props";
import { useStyles } from "./use_styles";

// Here `@mantine/core` is as Mantine ships it: what stands in for parts of it in the console is compared with those.

const ROOTS: Record<string, unknown>[] = [
  {},
  { component: "section", className: "own", id: "one", "aria-label": "Named" },
  { c: "dimmed", fw: 600, size: "sm", variant: "light", mt: 4, px: "md", m: 0 },
  { size: 14, mod: { truncate: "end", lineClamp: true, off: false, none: undefined }, style: { top: 1 } },
  { mod: ["loading", { "data-with-border": true }, null], __vars: { "--a": "1px" }, style: [{ top: 1 }, () => ({ left: 2 })] },
  { hiddenFrom: "sm", visibleFrom: "lg", lightHidden: true, darkHidden: true, __size: 7 },
  { renderRoot: (props: object) => createElement("em", props), className: "own", flex: 1, miw: 200 },
  { c: undefined, w: undefined, title: undefined },
];

test.each(ROOTS)("a box is as Mantine draws it: %j", (props) => {
  expect(drawn(createElement(Box as ElementType, props, "text"))).toEqual(drawn(createElement(TheirBox as ElementType, props, "text")));
});

test("a box whose style depends on the width has the same style", () => {
  const props: BoxProps = { w: { base: 100, sm: 200 }, c: "red" };
  const [ours, theirs] = [Box, TheirBox].map((Each) => draw(createElement(Each as ElementType, props)));
  const name = /class="([^"]*)"/;
  const plain = (markup = "") => markup.replaceAll(name.exec(markup)?.[1] ?? "", "NAME");
  expect(plain(ours)).toContain("min-width");
  expect(plain(ours)).toBe(plain(theirs));
});

const classes = { root: "m_1", label: "m_2", "root--light": "m_3" };
const STYLES: Record<string, unknown>[] = [
  { name: "Stack" },
  { name: ["Input", "TextInput", undefined], className: "own", style: { top: 1 }, unstyled: true },
  { name: "Pill", classNames: { label: "given" }, styles: { label: { top: 1 }, root: { left: 1 } }, attributes: { label: { id: "l" } } },
  { name: "Pill", classNames: [() => ({ root: "made" }), undefined, { root: "given" }], styles: () => ({ root: { top: 1 } }), rootSelector: "label", className: "own" },
  { name: "Text", varsResolver: () => ({ root: { "--a": "1", "--b": undefined }, label: {} }), vars: () => ({ root: { "--a": "2" } }), style: [{ top: 1 }] },
  { name: [undefined] },
];
const PARTS: [string, object?][] = [
  ["root"],
  ["label", { focusable: true, active: true, className: "more", style: { right: 1 } }],
  ["root", { variant: "light", withStaticClass: false, focusable: true }],
  ["label", { classNames: { label: "optional" }, styles: { label: { bottom: 1 } }, props: {} }],
];

test.each(STYLES)("the styles of a component are as Mantine gives them: %j", (input) => {
  const given = { props: {}, classes, ...input };
  const Ours = () => <Told by={useStyles(given as never) as never} />;
  const Theirs = () => <Told by={useTheirStyles(given as never) as never} />;
  expect(told(<Ours />)).toEqual(told(<Theirs />));
});

function Told({ by: getStyles }: { by: (selector: string, options?: object) => { className: string } }) {
  const parts = PARTS.map(([selector, options]) => getStyles(selector, options));
  return <>{JSON.stringify(parts.map(({ className, ...rest }) => ({ ...rest, classes: className.split(/\s+/).filter(Boolean).toSorted() })))}</>;
}

test.each(["Loader", ["Paper", "Card"], ["Loader", undefined]])("props are filled in as Mantine does: %j", (name) => {
  const defaults = { size: "md", gap: 1, kept: true };
  const given = { size: undefined, gap: null, own: 0 };
  const Ours = () => <>{JSON.stringify(useProps(name as string, defaults, given))}</>;
  const Theirs = () => <>{JSON.stringify(useTheirProps(name as string, defaults, given as object))}</>;
  expect(told(<Ours />)).toEqual(told(<Theirs />));
});

test("what belongs to a popover is told where it is as Mantine tells it, and nobody else is", () => {
  const seen: unknown[] = [];
  const Part = () => {
    const { reference, ...rest } = usePopoverContext();
    reference(null);
    return <>{JSON.stringify(rest)}</>;
  };
  const value = { reference: (node: HTMLElement | null) => seen.push(node), opened: true, x: 1 };
  expect(told(<PopoverContextProvider value={value}>{<Part />}</PopoverContextProvider>)).toEqual({ opened: true, x: 1 });
  expect(seen).toEqual([null]);
  expect(() => draw(<Part />)).toThrow("Popover");
});

test("the theme styles no component, which would be left out", () => {
  const { components = {} } = createTheme(theme) as MantineThemeOverride;
  for (const each of Object.values(components)) expect(Object.keys(each ?? {})).toEqual(["defaultProps"]);
});

function draw(what: ReactNode): string {
  return renderToStaticMarkup(
    <MantineProvider theme={theme} withCssVariables={false} withGlobalClasses={false}>
      {what}
    </MantineProvider>,
  );
}

/** The element that is drawn: its name, its attributes in the order of their names, its classes in theirs. */
function drawn(what: ReactNode) {
  const [, tag, written = "", content] = /^<(\w+)([^>]*)>(.*)<\/\1>$/.exec(draw(what)) ?? [];
  const attributes = Object.fromEntries([...written.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const names = (attributes["class"] ?? "").split(" ").toSorted();
  return { tag, content, ...attributes, class: names };
}

function told(what: ReactNode): unknown {
  return JSON.parse(draw(what).replaceAll("&quot;", '"').replace(/<style[^>]*>.*?<\/style>/g, ""));
}
