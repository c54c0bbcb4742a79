import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import relay from "vite-plugin-relay";

const api = process.env.MUSTER_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "./",
  plugins: [relay, react()],
  // The package's main entry also holds the containers of Relay before hooks, which nothing here uses.
  resolve: { alias: [{ find: /^react-relay$/, replacement: "react-relay/hooks" }] },
  build: {
    outDir: process.env.CONSOLE_OUT ?? "../muster/console",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"], // these know light-dark(), which would be lost otherwise
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
    },
  },
});
