/** The types of `window.realtime`, which the script of `realtime_script()` makes. */

/** The client of the page, once: for scripts that a bundler puts together. */
export const realtime: Realtime;

declare global {
  interface Window {
    readonly realtime: Realtime;
  }

  const realtime: Realtime;

  /** What the document is told; it bubbles to the window. */
  interface RealtimeEventMap extends RealtimeFormEventMap {
    "realtime:open": CustomEvent<null>;
    "realtime:close": CustomEvent<RealtimeClose>;
    /** Its default, unless prevented, is to reload the page. */
    "realtime:lost": CustomEvent<RealtimeLoss>;
    /** The session is another than the page's, or gone; its default, unless prevented, is a reload. */
    "realtime:identity": CustomEvent<RealtimeIdentity>;
    "realtime:push": CustomEvent<RealtimePush>;
    /** The server changes the page; unless prevented. */
    "realtime:html": CustomEvent<RealtimeHTML>;
    /** A block cannot be had; where its view refuses it, a reload is the default, unless prevented. */
    "realtime:stale": CustomEvent<RealtimeStale>;
    /** A fragment has come for whose target the page has no element. */
    "realtime:untargeted": CustomEvent<RealtimeFragment & { channel: string }>;
    /** The answer of a form has become the document: its elements are new. */
    "realtime:page": CustomEvent<null>;
  }

  /** What forms and links with `data-realtime` are told; it bubbles to the document. */
  interface RealtimeFormEventMap {
    "realtime:reply": CustomEvent<RealtimeReply>;
    "realtime:error": CustomEvent<RealtimeError>;
  }

  interface HTMLElementEventMap extends RealtimeFormEventMap {}

  interface DocumentEventMap extends RealtimeEventMap {}

  interface WindowEventMap extends RealtimeEventMap {}

  interface Realtime {
    readonly state: RealtimeState;

    /** The id by which the server knows this page. */
    readonly connectionId: string;

    /** Open the socket and keep it open; the page does so by itself. */
    connect(): void;

    /** Close the socket and stay away. */
    close(): void;

    /**
     * Call `listener` with each message from now on; what is returned ends that.
     * @param channel a name, or a pattern such as `"room:*"`
     */
    on<Payload = any>(channel: string, listener: RealtimeListener<Payload>): () => void;

    /** End what `on` began, for all listeners of `channel` where none is given. */
    off(channel: string, listener?: RealtimeListener<any>): void;

    /**
     * Have the app's route at `uri` answer, as it would by HTTP, and by HTTP indeed where the app
     * does not open the route to calls; rejects with a RealtimeError, or a TypeError where something
     * can't be asked for.
     * @param uri as `fetch` takes it, of the app's own origin
     */
    call<Body = any>(uri: string | URL, options?: RealtimeCall): Promise<RealtimeReply<Body>>;

    /**
     * Have the app's handler of `action` answer `data`; rejects with a RealtimeError.
     * @param data anything that JSON can hold; `{}` if there is none
     */
    send<Body = any>(
      action: string,
      data?: unknown,
      options?: { timeout?: number | null | undefined },
    ): Promise<RealtimeReply<Body>>;

    /** The browser's `fetch`, which names this page to its own app. */
    fetch(resource: RequestInfo | URL, options?: RequestInit): Promise<Response>;
  }

  /** `stale`: what the page shows is not true any more, and it has not been loaded anew so far. */
  type RealtimeState = "connecting" | "open" | "waiting" | "stale" | "closed";

  type RealtimeListener<Payload = any> = (
    payload: Payload,
    /** Where it stood; a message that is in no log has no position. */
    at: { channel: string; position: string | undefined },
  ) => void;

  interface RealtimeCall {
    /** `"get"` if there is none. */
    method?: string | undefined;
    /** A form's fields, or a query's for get, head and delete. */
    input?: FormData | URLSearchParams | RealtimeFields | null | undefined;
    /** A JSON body, in place of `input`. */
    json?: unknown;
    headers?: Headers | { [name: string]: string } | [name: string, value: string][] | undefined;
    /**
     * Milliseconds until the reply must be there, the time without a socket included; 0 and Infinity
     * are no limit; 30,000 if there is none.
     */
    timeout?: number | null | undefined;
  }

  /** Of an interface's type too, which no index signature would fit; what else it holds is refused. */
  type RealtimeFields = object;

  interface RealtimeReply<Body = any> {
    id: string;
    status: number;
    headers: { [name: string]: string };
    /** JSON as it is, text as a string, anything else in base64. */
    body: Body;
    encoding?: "base64";
    session?: true;
    /** Where it was answered by HTTP: the address that answered in the end, and whether it is another. */
    url?: string;
    redirected?: boolean;
  }

  interface RealtimePush<Payload = any> {
    channel: string;
    payload: Payload;
    /** A message that is in no log has none. */
    position?: string;
  }

  /** The changes that one message makes; or, on the element of a block, what comes into it. */
  type RealtimeHTML =
    | { channel: string; fragments: RealtimeFragment[] }
    | { block: string; html: string };

  interface RealtimeFragment {
    action: "append" | "prepend" | "before" | "after" | "replace" | "update" | "remove" | "reload";
    /** A CSS selector; `reload` has none. */
    target?: string;
    html?: string;
    morph?: true;
  }

  interface RealtimeStale {
    blocks: string[];
    /** What the page's view answered, 0 for a redirect. */
    status?: number;
    /** Why nothing was put there, where that was no refusal. */
    reason?: string;
  }

  interface RealtimeIdentity {
    /** The WebSocket's: 4001, or 1006 where the server refuses the page's session. */
    code: number;
    reason: string;
  }

  interface RealtimeClose {
    /** The WebSocket's: 1000 from the server ends a log-in, 1006 is a lost network. */
    code: number;
    reason: string;
    /** What is next: another attempt, or nothing. */
    state: "waiting" | "closed";
  }

  interface RealtimeLoss {
    /** Those of which messages are missing; none: the server does not know the page any more. */
    channels: string[];
  }

  interface RealtimeError extends Error {
    name: "RealtimeTimeout" | "RealtimeInterrupted" | "RealtimeClosed" | "RealtimeRefused";
    /** Whether the server may have acted on the message, or act on it yet. */
    wasSent: boolean;
    /** What the app answered a form or a link, where that is the error. */
    status?: number;
    body?: any;
  }
}
