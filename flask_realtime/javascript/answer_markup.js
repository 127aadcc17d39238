import { Keeper } from "./keeper.js";
import { Markup } from "./markup.js";
import { thisDocument } from "./this_document.js";
import { unclobbered } from "./unclobbered.js";

/** Inserts the answers to forms and links into the page. */
export class AnswerMarkup extends Markup {
  /** The address of a script in the form that a script's `src` takes on this page. */
  trustedURL(url) {
    return this.policy?.createScriptURL(url) ?? url;
  }

  /** Replace the content of `element`. Focus and scroll positions stay with elements of the same names. */
  update(element, html, policy) {
    const keeper = new Keeper(element);
    // In a document that is not shown, nothing of the HTML runs yet.
    const inert = thisDocument.implementation.createHTMLDocument("").importNode(element);
    inert.innerHTML = this.trusted(html);
    policy.restrict(inert);
    unclobbered(element).replaceChildren(...unclobbered(inert).childNodes);
    keeper.restore([...unclobbered(element).children]);
    this.process([element]);
  }
}
