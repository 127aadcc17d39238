/**
 * Shows that two scripts are the same program, but for what they call things that nothing outside of
 * them sees: `node same-program.js ONE.js OTHER.js …` takes pairs of them, says where each differs,
 * and ends with the number of pairs that do.
 */

import ts from "typescript";

const { SyntaxKind } = ts;
const OPTIONS = {
  allowJs: true,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
};
const host = ts.createCompilerHost(OPTIONS);
const read = host.getSourceFile;
const files = new Map();
// What the browser has takes a second to read: once is enough for all pairs.
host.getSourceFile = (name, ...rest) => {
  if (!files.has(name)) files.set(name, read(name, ...rest));
  return files.get(name);
};
let checker, renamed, taken;

class Difference extends Error {}

/** What a name stands for, if it is declared in one of the two; undefined: it is the browser's. */
function declared(node) {
  const { parent } = node;
  const symbol =
    parent.kind === SyntaxKind.ShorthandPropertyAssignment
      ? checker.getShorthandAssignmentValueSymbol(parent)
      : checker.getSymbolAtLocation(node);
  const [declaration] = symbol?.declarations ?? [];
  return declaration && !declaration.getSourceFile().isDeclarationFile ? symbol : undefined;
}

/** Whether a name is a key: of an object, a class, or what is looked up in one. */
function isKey({ parent }, node) {
  switch (parent.kind) {
    case SyntaxKind.PropertyAccessExpression:
    case SyntaxKind.PropertyAssignment:
    case SyntaxKind.MethodDeclaration:
    case SyntaxKind.GetAccessor:
    case SyntaxKind.SetAccessor:
    case SyntaxKind.PropertyDeclaration:
      return parent.name === node;
    case SyntaxKind.BindingElement:
      return parent.propertyName === node;
    default:
      return false;
  }
}

/** The parts of a node, `{ a }` as if it were `{ a: a }`. */
function parts(node) {
  const found = [];
  if (node.kind === SyntaxKind.ShorthandPropertyAssignment) return [node.name, node.name, node.objectAssignmentInitializer];
  if (node.kind === SyntaxKind.BindingElement && node.parent.kind === SyntaxKind.ObjectBindingPattern) {
    return [node.dotDotDotToken, node.propertyName ?? (node.dotDotDotToken ? undefined : node.name), node.name, node.initializer];
  }
  if (node.kind === SyntaxKind.PropertyAssignment) return [node.name, node.initializer, undefined];
  ts.forEachChild(node, (child) => void found.push(child));
  return found;
}

const kindOf = ({ kind }) => (kind === SyntaxKind.ShorthandPropertyAssignment ? SyntaxKind.PropertyAssignment : kind);

function differ(a, b, why) {
  const { line } = a.getSourceFile().getLineAndCharacterOfPosition(a.getStart());
  throw new Difference(`${why}, line ${line + 1}:\n  ${a.getText().slice(0, 200)}\n  ${b.getText().slice(0, 200)}`);
}

function compareNames(a, b) {
  const [first, second] = [declared(a), declared(b)];
  if (!first || !second) {
    if (first || second || a.text !== b.text) differ(a, b, "One stands for something else");
    return;
  }
  if ((renamed.get(first) ?? second) !== second || (taken.get(second) ?? first) !== first) {
    differ(a, b, "One name for two things, or two for one");
  }
  renamed.set(first, second);
  taken.set(second, first);
}

function compare(a, b, isKeyOfShort) {
  if (!a && !b) return;
  if (!a || !b || kindOf(a) !== kindOf(b)) differ(a ?? b, b ?? a, "Another kind");
  if (a.kind === SyntaxKind.Identifier) {
    if (isKeyOfShort || isKey(a, a)) return a.text === b.text || differ(a, b, "Another key");
    return compareNames(a, b);
  }
  if (a.kind === SyntaxKind.PrivateIdentifier) return compareNames(a, b);
  if ("text" in a && a.kind !== SyntaxKind.SourceFile && a.text !== b.text) differ(a, b, "Another text");
  const [first, second] = [parts(a), parts(b)];
  if (first.length !== second.length) differ(a, b, "Other parts");
  const isPair = kindOf(a) === SyntaxKind.PropertyAssignment;
  const isPattern = a.kind === SyntaxKind.BindingElement && first.length === 4;
  first.forEach((part, index) => compare(part, second[index], (isPair && index === 0) || (isPattern && index === 1)));
}

/** Where two scripts differ; undefined: they are the same program. */
function difference(one, other) {
  const program = ts.createProgram([one, other], OPTIONS, host);
  checker = program.getTypeChecker();
  [renamed, taken] = [new Map(), new Map()];
  try {
    compare(program.getSourceFile(one), program.getSourceFile(other));
  } catch (error) {
    if (error instanceof Difference) return error.message;
    throw error;
  }
  if (!renamed.size) throw new Error(`There was nothing to compare in ${one}.`);
  console.log(`${one}: the same, with ${renamed.size} names.`);
}

const scripts = process.argv.slice(2);
let different = 0;
for (let at = 0; at < scripts.length; at += 2) {
  const found = difference(scripts[at], scripts[at + 1]);
  if (found !== undefined) {
    different++;
    console.log(`${scripts[at]}: ${found}`);
  }
}
process.exitCode = different;
