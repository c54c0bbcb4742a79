// Generates TypeScript from the schema's text by @graphql-codegen: the types, and by the client preset typed documents.
// Argument: the text's file. Prints each generated file with its name as a line of JSON.
import { readFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import { preset } from "@graphql-codegen/client-preset";
import * as typescript from "@graphql-codegen/typescript";
import { buildSchema, parse, printSchema } from "graphql";
import { operationsOf } from "./operations.mjs";

const schemaAst = buildSchema(readFileSync(process.argv[2], "utf8"));
const schema = parse(printSchema(schemaAst));
const documents = operationsOf(schemaAst).map((text, index) => ({
  document: parse(text), location: `operation${index}.graphql`, rawSDL: text,
}));
const say = (filename, content) => console.log(JSON.stringify({ filename, content }));

const types = { schema, schemaAst, documents: [], config: {}, filename: "types.ts" };
say("types.ts", await codegen({ ...types, plugins: [{ typescript: {} }], pluginMap: { typescript } }));

const sections = await preset.buildGeneratesSection({
  baseOutputDir: "generated/", schema, schemaAst, documents, config: {}, presetConfig: {}, plugins: [], pluginMap: {},
});
for (const section of sections) say(section.filename, await codegen({ ...section, cache: undefined }));
