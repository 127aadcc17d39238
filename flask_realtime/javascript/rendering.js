/** Has the page's HTML changed by a script of its own, which is loaded once that is wanted. */
export class Rendering {
  #load;
  #failed;
  #renderer;
  #waiting = [];

  /**
   * @param {() => Promise} load loads the script, which then calls `begin`
   * @param {(channel: string) => void} failed told that what came cannot be shown
   */
  constructor(load, failed) {
    this.#load = load;
    this.#failed = failed;
  }

  /** Have the page changed as a message says, behind those that came before. */
  hear(message) {
    if (this.#renderer) return this.#renderer.hear(message);
    this.#waiting.push(message);
    if (this.#waiting.length > 1) return;
    this.#load().catch(() => {
      this.#waiting = [];
      this.#failed(message.channel);
    });
  }

  /** Let `renderer` change the page from now on. */
  begin(renderer) {
    this.#renderer = renderer;
    for (const message of this.#waiting.splice(0)) renderer.hear(message);
  }
}
