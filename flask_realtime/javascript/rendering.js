/** Changes the page's HTML by means of another script, which is loaded when it is first needed. */
export class Rendering {
  #load;
  #failed;
  #renderer;
  #waiting = [];
  /** A promise that the script has loaded which the messages so far need. */
  loading;

  /**
   * @param {() => Promise} load loads the script, which then calls `begin`
   * @param {(channel: string) => void} failed called if the script cannot be loaded
   */
  constructor(load, failed) {
    this.#load = load;
    this.#failed = failed;
  }

  /** Make the changes that a message asks for, after those of earlier messages. */
  hear(message) {
    if (this.#renderer) return this.#renderer.hear(message);
    if (this.#waiting.push(message) > 1) return;
    this.loading = this.#load().catch(() => {
      this.#waiting = [];
      this.#failed(message.channel);
    });
  }

  /** Use `renderer` from now on, and for the messages that have waited for it. */
  begin(renderer) {
    this.#renderer = renderer;
    for (const message of this.#waiting.splice(0)) renderer.hear(message);
  }
}
