// PostGraphile as in production: one process, Grafserv on Node's own HTTP server, as many connections to PostgreSQL as Muster
// has. No watching, no GraphiQL, no WebSockets, no explain; answers are written as text at once (outputDataAsString).
// Run with `node server.mjs PORT DATABASE_URL POOL_SIZE`, in the folder that holds node_modules.

import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const [port, connectionString, poolSize] = process.argv.slice(2);

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({ connectionString, schemas: ["peers"], pubsub: false, poolConfig: { max: Number(poolSize) } }),
  ],
  grafast: { explain: false },
  grafserv: {
    watch: false,
    graphiql: false,
    graphiqlOnGraphQLGET: false,
    websockets: false,
    graphqlOverGET: true, // to ask whether it is ready
    outputDataAsString: true,
  },
});

const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
instance.createServ(grafserv).addTo(server);
await instance.getSchema();
server.listen(Number(port), "127.0.0.1", () => console.log("listening"));
