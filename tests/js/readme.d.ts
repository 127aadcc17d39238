/** What the README's scripts leave to the page that they are on. */

export {};

declare global {
  function show(payload: unknown): void;
  function count(channel: string): void;
  function refetch(channels: string[]): void;

  interface DocumentEventMap {
    "htmx:configRequest": CustomEvent<{ headers: { [name: string]: string } }>;
  }
}
