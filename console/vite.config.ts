import react from "@vitejs/plugin-react";
import { brotliCompressSync, constants } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import relay from "vite-plugin-relay";

const api = process.env.MUSTER_API ?? "http://127.0.0.1:8000";

/** Writes each text asset once more, compressed by Brotli: the server sends that file as it is. */
function precompressed(): Plugin {
  return {
    name: "precompressed",
    enforce: "post",
    generateBundle(_, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const text = Buffer.from(file.type === "chunk" ? file.code : file.source);
        this.emitFile({
          type: "asset",
          fileName: `${name}.br`,
          source: brotliCompressSync(text, {
            params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length },
          }),
        });
      }
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [relay, react(), precompressed()],
  // The package's main entry also holds the containers of Relay before hooks, which nothing here uses.
  resolve: { alias: [{ find: /^react-relay$/, replacement: "react-relay/hooks" }] },
  build: {
    outDir: process.env.CONSOLE_OUT ?? "../muster/console",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    sourcemap: false,
    reportCompressedSize: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/graphql": { target: api, ws: true },
      "/uploads": { target: api },
      "/downloads": { target: api },
      "/password": { target: api },
    },
  },
});
