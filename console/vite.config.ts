import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import type { Plugin, Rolldown } from "vite";
import { defineConfig } from "vitest/config";
import relay from "vite-plugin-relay";

const api = process.env.MUSTER_API ?? "http://127.0.0.1:8000";

/**
 * Has the page run src/start.ts alone, which runs the others in their order. They are fetched meanwhile, and compiled beside
 * the main thread, which a file is not that is fetched as a plain script. The font is fetched before a style names it, so that the first words are in it.
 */
function startEarly(): Plugin {
  return {
    name: "start-early",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const files = Object.values(bundle ?? {});
        const start = files.find((part) => part.type === "chunk" && part.isEntry && part.name === "start");
        const font = files.find(({ fileName }) => /inter-latin-wght-normal-.*\.woff2$/.test(fileName));
        const main = /\s*<script type="module" crossorigin src="([^"]*)"><\/script>/.exec(html);
        const ahead = (fileName: string, as: string) => `<link rel="preload" as="${as}" crossorigin href="${fileName}">`;
        const part = (fileName: string) => `<link rel="modulepreload" crossorigin data-console href="${fileName}">`;
        const styles = /<link rel="stylesheet" crossorigin href="([^"]*\/index-[^"]*)">/.exec(html);
        if (!start || !font || !main || !styles) throw new Error("the page, or what it loads, was not built as expected");
        for (const file of files) {
          if (file.type === "chunk" && file.exports.includes("firstView")) checkFirstView(file, files);
        }
        return html
          .replace(main[0], "")
          .replace(styles[0], ahead(styles[1] ?? "", "style"))
          .replace("</title>", `</title>\n    <script type="module" async crossorigin src="./${start.fileName}"></script>\n    ${ahead(`./${font.fileName}`, "font")}`)
          .replace(`\n    <link rel="modulepreload" crossorigin href="./${start.fileName}">`, "")
          .replace(/<link rel="modulepreload" crossorigin href="([^"]*)">/g, (_, fileName: string) => part(fileName))
          .replace("</head>", `  ${part(main[1] ?? "")}\n  </head>`);
      },
    },
  };
}

/** What draws the first answer of a screen waits for nothing that comes with the console: that would be all of it. */
function checkFirstView(view: Rolldown.OutputChunk, files: readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[]): void {
  const late = files.flatMap((part) => (part.type === "chunk" && ["react", "relay", "common", "index"].includes(part.name) ? part.fileName : []));
  const seen = new Set<string>();
  const open = [view.fileName];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (late.includes(next)) throw new Error(`the first view in ${view.fileName} needs ${next}, by ${[...seen].join(", ")}`);
    seen.add(next);
    const chunk = files.find(({ fileName }) => fileName === next);
    if (chunk?.type === "chunk") open.push(...chunk.imports.filter((each) => !seen.has(each)));
  }
}

/** Puts files of src/theme/mantine in the place of Mantine's own, which are known by the ends of their paths. */
function standIns(files: Record<string, string>) {
  return Object.entries(files).map(([theirs, ours]) => ({
    find: new RegExp(`^\\.{1,2}/(\\.\\./)*${theirs}\\.mjs$`),
    replacement: fileURLToPath(new URL(`src/theme/mantine/${ours}`, import.meta.url)),
  }));
}

export default defineConfig({
  base: "./",
  plugins: [relay, react(), startEarly()],
  // The package's main entry also holds the containers of Relay before hooks, which nothing here uses.
  resolve: {
    alias: [
      { find: /^react-relay$/, replacement: "react-relay/hooks" },
      ...standIns({
        "use-id/use-id": "use_id.ts",
        "core/MantineProvider/use-props/use-props": "use_props.ts",
        "core/styles-api/use-styles/use-styles": "use_styles.ts",
        "core/Box/Box": "box.tsx",
        "(Popover/)?Popover.context": "popover_context.tsx",
      }),
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
            {
              name: "early",
              test: /preload-helper|sessionViewerQuery|src[\\/](start|app[\\/](screen_code|first_reads)|relay[\\/]early|texts[\\/](frame|language|(en|es)[\\/](frame|heads))|session[\\/]invitation_token|theme[\\/](color_scheme|early)|frame[\\/].*|screens[\\/]segments[\\/]choices|components[\\/](awaited_field|awaited_place|bar|beside|empty|later|logo|plain_button|plain_link|screen|scroll_window|sparkline|sparkline_path|status_badge|table_frame|tags|words)|format[\\/](dates|intl|moments|numbers|words)|texts[\\/](plural|texts))\.(tsx?|module\.css)|src[\\/]theme[\\/](font|variables|base)\.css|mantine[\\/]core[\\/]styles[\\/](baseline|default-css-variables|global)\.css|node_modules[\\/]react[\\/]|tabler[\\/]icons-react.*(createReactComponent|defaultAttributes|Icon(AddressBook|ArrowsSort|ArrowsTransferDown|ChartDonut|AlertTriangle|CircleCheck|Filter|Flame|Home|Route|Search|Send|Settings|Webhook|Download|Inbox|Menu2|Plus|Refresh|Upload|Users?)\.)/,
              priority: 4,
            },
            { name: "form_parts", test: /src[\\/]components[\\/]form_parts/, priority: 4 },
            { name: "react", test: /node_modules[\\/](react-dom|scheduler)[\\/]|src[\\/]app[\\/]react_root\.ts/, tags: ["$initial"], priority: 3 },
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
