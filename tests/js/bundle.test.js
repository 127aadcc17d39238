import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { OWN } from "./bundle_names.js";

const MODULES = new URL("../../flask_realtime/javascript/", import.meta.url);
const STATIC = new URL("../../flask_realtime/static/", import.meta.url);
const ENTRIES = readdirSync(STATIC).filter((name) => name.endsWith(".js"));
// No script can declare these by const, let or class.
const UNHIDDEN = ["document", "location", "undefined", "window"];

for (const entry of ENTRIES) {
  test(`${entry} reads the browser's names from the window, where no class or variable of the page hides them`, () => {
    const found = namesFromElsewhere(fileURLToPath(new URL(entry, STATIC)));

    assert.deepEqual(found.filter((name) => !UNHIDDEN.includes(name)), []); // else: add to bundle_names.js
  });
}

test("the properties that the build shortens are used within one script each", () => {
  const used = ENTRIES.map((entry) => new Set([...modulesOf(entry)].flatMap(([, text]) => propertiesIn(text))));

  assert.deepEqual(OWN.filter((name) => used.filter((names) => names.has(name)).length !== 1), []);
});

/** The names that a script uses, and that it does not declare. */
function namesFromElsewhere(path) {
  const program = ts.createProgram([path], { allowJs: true, noLib: true, target: ts.ScriptTarget.ES2022 });
  const checker = program.getTypeChecker();
  const isForeign = (node) => !isProperty(node) && !checker.getSymbolAtLocation(node)?.declarations;
  const names = identifiersIn(program.getSourceFile(path)).filter(isForeign).map(({ text }) => text);
  return [...new Set(names)].sort();
}

/** The names of properties and methods that a module uses or declares. */
function propertiesIn(text) {
  const file = ts.createSourceFile("module.js", text, ts.ScriptTarget.ES2022, true);
  return identifiersIn(file).filter(isProperty).map(({ text }) => text);
}

function identifiersIn(node) {
  return ts.isIdentifier(node) ? [node] : node.getChildren().flatMap(identifiersIn);
}

function isProperty(node) {
  const { parent } = node;
  if (ts.isBindingElement(parent)) return ts.isObjectBindingPattern(parent.parent) && node === (parent.propertyName ?? parent.name);
  const isDeclaredHere = ts.isVariableDeclaration(parent) || ts.isParameter(parent);
  return ts.isShorthandPropertyAssignment(parent) || (parent.name === node && !isDeclaredHere);
}

/** The texts of the modules of a script, by their names. */
function modulesOf(name, found = new Map()) {
  if (found.has(name)) return found;
  found.set(name, readFileSync(new URL(name, MODULES), "utf8"));
  for (const [, one] of found.get(name).matchAll(/^import .*"\.\/(.+)";$/gm)) modulesOf(one, found);
  return found;
}
