// Prints an operation for each root field of the schema, each as a line of JSON. Argument: the file with the schema's text.
import { readFileSync } from "node:fs";
import { buildSchema } from "graphql";
import { operationsOf } from "./operations.mjs";

for (const operation of operationsOf(buildSchema(readFileSync(process.argv[2], "utf8")))) console.log(JSON.stringify(operation));
