/** Builds the scripts that browsers load; into another folder than theirs with `--outdir=FOLDER`. */

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { BUILT_INS, OWN } from "./bundle_names.js";

const MODULES = fileURLToPath(new URL("../../flask_realtime/javascript/", import.meta.url));
const STATIC = fileURLToPath(new URL("../../flask_realtime/static/", import.meta.url));

const [outdir = STATIC] = process.argv.slice(2).map((option) => option.replace(/^--outdir=/, ""));

await build({
  entryPoints: readdirSync(MODULES)
    .filter((name) => /^realtime.*\.js$/.test(name))
    .map((name) => MODULES + name),
  outdir,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  // As TypeScript, since only there esbuild leaves out fields of a class that have no value at first.
  loader: { ".js": "ts" },
  tsconfigRaw: { compilerOptions: { alwaysStrict: true, useDefineForClassFields: false } },
  define: Object.fromEntries(BUILT_INS.map((name) => [name, `window.${name}`])),
  mangleProps: new RegExp(`^(${OWN.join("|")})$`),
});
