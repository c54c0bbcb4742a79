// An operation for each root field of a schema, with all its arguments as variables and with what it gives two levels down.
import { getNamedType, isAbstractType, isLeafType } from "graphql";

const KINDS = { Query: "query", Mutation: "mutation", Subscription: "subscription" };

/** Names begin with `prefix` and end with the kind of operation, as Relay wants them. */
export function operationsOf(schema, prefix = "") {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((root) =>
    Object.values(root.getFields()).map((field) => operation(field, root.name, prefix)),
  );
}

function operation(field, root, prefix) {
  const name = `${prefix}${field.name[0].toUpperCase()}${field.name.slice(1)}${root}`;
  const head = field.args.map((argument) => `$${argument.name}: ${argument.type}`).join(", ");
  const given = field.args.map((argument) => `${argument.name}: $${argument.name}`).join(", ");
  const wrapped = (text) => (text ? `(${text})` : "");
  return `${KINDS[root]} ${name}${wrapped(head)} { ${field.name}${wrapped(given)}${selection(field.type, 3)} }`;
}

function selection(type, depth) {
  const named = getNamedType(type);
  if (isLeafType(named)) return "";
  if (isAbstractType(named) && named.name === "Node") return " { __typename id }";
  const fields = Object.values(named.getFields()).filter(
    (field) => field.args.every((argument) => !String(argument.type).endsWith("!") || argument.defaultValue !== undefined) &&
      (isLeafType(getNamedType(field.type)) || depth > 1),
  );
  return ` { __typename ${fields.map((field) => field.name + selection(field.type, depth - 1)).join(" ")} }`;
}
