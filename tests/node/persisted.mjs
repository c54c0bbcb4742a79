// Asks the same question again and again by Apollo's client with its link for persisted queries.
// Arguments: URL, "get" or "post". Prints what was sent and each answer, each as a line of JSON.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

const [url, method] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const client = new ApolloClient({
  cache: new InMemoryCache(),
  clientAwareness: { name: "tests", version: "1" },
  link: ApolloLink.from([
    new PersistedQueryLink({
      sha256: (text) => createHash("sha256").update(text).digest("hex"),
      useGETForHashedQueries: method === "get",
    }),
    new HttpLink({
      uri: url,
      fetch: async (address, options) => {
        const response = await fetch(address, options);
        say({ method: options.method, hasQuery: String(options.body ?? "").includes('"query"'), status: response.status });
        return response;
      },
    }),
  ]),
});
for (let turn = 0; turn < 3; turn++) {
  const { data } = await client.query({ query: gql`query Toys { plainToys(count: 2) { name } }`, fetchPolicy: "no-cache" });
  say({ data });
}
