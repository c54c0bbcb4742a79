import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import relay from "vite-plugin-relay";

const api = process.env.MUSTER_API ?? "http://127.0.0.1:8000";

/** Puts src/start.ts into the page as a script of its own, before all others: it runs while they are still on their way. */
function startEarly(): Plugin {
  return {
    name: "start-early",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const start = Object.values(bundle ?? {}).find((part) => part.type === "chunk" && part.isEntry && part.name === "start");
        if (!start) throw new Error("src/start.ts was not built");
        return html.replace("</title>", `</title>\n    <script type="module" async crossorigin src="./${start.fileName}"></script>`);
      },
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [relay, react(), startEarly()],
  // The package's main entry also holds the containers of Relay before hooks, which nothing here uses.
  resolve: {
    alias: [
      { find: /^react-relay$/, replacement: "react-relay/hooks" },
      { find: /^\.\/use-id\/use-id\.mjs$/, replacement: fileURLToPath(new URL("src/theme/use_id.ts", import.meta.url)) },
    ],
  },
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
    rolldownOptions: {
      input: { index: "index.html", start: "src/start.ts" },
      output: {
        // Each file costs the browser some work, so what is loaded together lies together.
        codeSplitting: {
          groups: [
            { name: "early", test: /preload-helper|src[\\/](start|app[\\/]screen_code|relay[\\/]early|texts[\\/]language)\.ts|sessionViewerQuery/, priority: 4 },
            { name: "format", test: /src[\\/](format[\\/]|texts[\\/](texts|plural)\.ts)/, priority: 3 },
            { name: "react", test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/, tags: ["$initial"], priority: 3 },
            { name: "relay", test: /node_modules[\\/](react-relay|relay-runtime)[\\/]/, tags: ["$initial"], priority: 3 },
            { name: "common", test: /node_modules|src[\\/](components|relay|rules|theme|app|format)[\\/]/, minShareCount: 8, priority: 0.5 },
            { name: "icons", test: /@tabler[\\/]icons-react/, minShareCount: 2, priority: 0.4 },
            { name: "first", tags: ["$initial"], priority: 2 },
          ],
        },
      },
    },
  },
  test: {
    testTimeout: 60_000, // a slow machine is no error
  },
  server: {
    proxy: {
      "/graphql": { target: api, ws: true },
      "/uploads": { target: api },
      "/downloads": { target: api },
    },
  },
});
