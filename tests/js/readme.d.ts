/** Declarations that the scripts in the README expect from their page. */

export {};

declare global {
  function show(payload: unknown): void;
  function count(channel: string): void;
  function refetch(channels: string[]): void;

  interface DocumentEventMap {
    "htmx:configRequest": CustomEvent<{ headers: { [name: string]: string } }>;
  }
}
