/** Changes the page's HTML by means of another script, which is loaded when it is first needed. */
export class Rendering {
  #client;
  #renderer;
  #waiting = [];
  /** A promise that the script has loaded which the messages so far need. */
  loading;

  /** @param {Client} client loads the script, which then calls `begin`; told if messages are lost */
  constructor(client) {
    this.#client = client;
  }

  /** Make the changes that a message asks for, after those of earlier messages. */
  hear(message) {
    if (this.#renderer) return this.#renderer.hear(message);
    if (this.#waiting.push(message) > 1) return;
    this.loading = this.#client.load("html").catch(() => {
      const channels = new Set(this.#waiting.splice(0).map(({ channel }) => channel));
      if (channels.size) this.#client.lose([...channels]);
    });
  }

  /** Forget the messages whose changes are not made yet, except those for which `isWanted` returns true. */
  keep(isWanted) {
    this.#renderer?.keep(isWanted);
    this.#waiting = this.#waiting.filter(isWanted);
  }

  /** Use `renderer` from now on, and for the messages that have waited for it. */
  begin(renderer) {
    this.#renderer = renderer;
    this.#waiting.forEach((message) => renderer.hear(message));
  }
}
