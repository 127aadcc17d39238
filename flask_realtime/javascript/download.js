import { decoded } from "./decoded.js";
import { thisDocument } from "./this_document.js";

/** Save an attachment that answered a form as a file. The form cannot be sent again for the browser. */
export function save({ body, encoding, type, disposition }) {
  const content = encoding ? bytesOf(body) : typeof body === "string" ? body : JSON.stringify(body);
  const link = thisDocument.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = nameIn(disposition);
  link.click();
  URL.revokeObjectURL(link.href);
}

function bytesOf(base64) {
  return Uint8Array.from(window.atob(base64), (character) => character.charCodeAt(0));
}

/** The file's name in a `Content-Disposition`, in either of the two forms of RFC 6266. */
function nameIn(disposition) {
  const [, encoded] = /filename\*=[^']*'[^']*'([^;\s]+)/i.exec(disposition) ?? [];
  const [, quoted, bare] = /filename=(?:"((?:\\.|[^"])*)"|([^;\s]+))/i.exec(disposition) ?? [];
  return encoded ? decoded(encoded) : (quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "");
}
