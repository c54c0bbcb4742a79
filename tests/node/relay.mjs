// Compiles an operation for each root field by the Relay compiler.
// Arguments: the schema's text, an empty folder for the sources. Prints the names of the artifacts as a line of JSON.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { buildSchema } from "graphql";
import { operationsOf } from "./operations.mjs";

const [file, folder] = process.argv.slice(2);
const text = readFileSync(file, "utf8");
mkdirSync(join(folder, "src"), { recursive: true });
writeFileSync(join(folder, "schema.graphql"), text);
// Relay wants each name to begin with that of its module, and to end with the kind of operation.
const tagged = operationsOf(buildSchema(text), "Muster").map((one) => "graphql`" + one + "`;");
writeFileSync(join(folder, "src", "Muster.js"), tagged.join("\n"));
const config = { src: "./src", schema: "./schema.graphql", language: "typescript", artifactDirectory: "./artifacts" };
writeFileSync(join(folder, "relay.config.json"), JSON.stringify(config));
mkdirSync(join(folder, "artifacts"));
const compiler = createRequire(import.meta.url).resolve("relay-compiler/cli.js");
execFileSync(process.execPath, [compiler, "relay.config.json"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
console.log(JSON.stringify(readdirSync(join(folder, "artifacts"))));
