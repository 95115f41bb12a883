import { defineConfig } from "vite";

// The page is served by `bluetick serve` from the package, behind a policy that allows its own files alone:
// nothing is inlined as a data address but images, and no script stands in the page.
export default defineConfig({
  base: "/",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    outDir: "../src/bluetick/server/console",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 16_000,
    reportCompressedSize: false,
  },
  worker: { format: "es" },
});
