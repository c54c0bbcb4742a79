import type { ReactNode } from "react";

import { Later } from "../components/later";

type Props = { children?: ReactNode } & Record<string, unknown>;
type Component = (props: Props) => ReactNode;
/** An element as JSX makes it: of a tag, of a component, of a component that may pass on a ref, or one that only holds others. */
type Drawn = { type: string | Component | { render: Component } | symbol; props: Props };

type Style = Record<string, string | number | undefined> | undefined;

const SVG = "http://www.w3.org/2000/svg";

/** Puts something into the page that was left out at first. */
export type Rest = () => void;

/**
 * Makes nodes of the page of components that use no hooks, as React would: for what is shown before React is there. What they listen to is
 * left out. What is to be drawn later is added to `rest`, if that is given.
 */
export function drawn(what: ReactNode, rest?: Rest[], inSvg = false): Node[] {
  if (what === null || what === undefined || typeof what === "boolean") return [];
  if (Array.isArray(what)) return what.flatMap((each: ReactNode) => drawn(each, rest, inSvg));
  if (typeof what !== "object") return [document.createTextNode(String(what))];
  const { type, props } = what as unknown as Drawn;
  if (type === (Later as unknown) && rest) return postponed(props, rest);
  if (typeof type === "function") return drawn(type(props), rest, inSvg);
  if (typeof type === "object") return drawn(type.render(props), rest, inSvg);
  if (typeof type === "symbol") return drawn(props.children, rest, inSvg);
  const isSvg = inSvg || type === "svg";
  const element = isSvg ? document.createElementNS(SVG, type) : document.createElement(type);
  for (const [name, value] of Object.entries(props)) {
    if (name === "style") addStyle(element, value as Style);
    else if (isAttribute(name, value)) element.setAttribute(attributeOf(name), String(value));
  }
  element.append(...drawn(props.children, rest, isSvg));
  return [element];
}

function postponed({ until, children }: Props, rest: Rest[]): Node[] {
  const [place, ...others] = drawn(until as ReactNode);
  if (place) rest.push(() => (place as ChildNode).replaceWith(...drawn(children)));
  return place ? [place, ...others] : drawn(children);
}

const NAMES: Record<string, string | undefined> = { className: "class", htmlFor: "for" };

/** Numbers are pixels. */
function addStyle({ style }: HTMLElement | SVGElement, values: Style): void {
  for (const [name, value] of Object.entries(values ?? {})) {
    if (value !== undefined) Object.assign(style, { [name]: typeof value === "number" ? `${value}px` : value });
  }
}

function isAttribute(name: string, value: unknown): boolean {
  return name !== "children" && name !== "ref" && value !== undefined && value !== null && typeof value !== "function" && (value !== false || name.startsWith("aria-"));
}

/** The name of an attribute in the page, such as `stroke-width` for strokeWidth. */
function attributeOf(name: string): string {
  return NAMES[name] ?? name.replace(/^(stroke|fill)([A-Z])/, (_, first: string, capital: string) => `${first}-${capital.toLowerCase()}`);
}
