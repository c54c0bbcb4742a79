// Prints the schema by npm `graphql`: from its text, and from the answer to an introspection query.
// Arguments: the text's file, URL. Prints one line of JSON: both printed schemas, sorted, and what is wrong with the schema.
import { readFileSync } from "node:fs";
import {
  buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema, validateSchema,
} from "graphql";

const [file, url] = process.argv.slice(2);
const fromText = buildSchema(readFileSync(file, "utf8"));
const query = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, oneOf: true });
const response = await fetch(url, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ query }),
});
const { data, errors } = await response.json();
if (errors) throw new Error(JSON.stringify(errors));
const [text, introspection] = [fromText, buildClientSchema(data)].map((schema) =>
  printSchema(lexicographicSortSchema(schema)),
);
buildSchema(text);
console.log(JSON.stringify({ text, introspection, problems: validateSchema(fromText).map(String) }));
