/** The types of `window.realtime`, which the script makes that `realtime_script()` puts into a page. */

/** The page's client, the same as `window.realtime`. For scripts that are built with a bundler. */
export const realtime: Realtime;

declare global {
  interface Window {
    readonly realtime: Realtime;
  }

  const realtime: Realtime;

  /** The events on the document; they bubble to the window. */
  interface RealtimeEventMap extends RealtimeFormEventMap {
    "realtime:open": CustomEvent<null>;
    "realtime:close": CustomEvent<RealtimeClose>;
    /** Messages are missing. The page is reloaded, unless the event is prevented. */
    "realtime:lost": CustomEvent<RealtimeLoss>;
    /** The session has ended, or is another user's. The page is reloaded, unless the event is prevented. */
    "realtime:identity": CustomEvent<RealtimeIdentity>;
    "realtime:push": CustomEvent<RealtimePush>;
    /** The page's HTML is about to be changed, unless the event is prevented. */
    "realtime:html": CustomEvent<RealtimeHTML>;
    /** Blocks could not be fetched. If their view refused, the page is reloaded, unless prevented. */
    "realtime:stale": CustomEvent<RealtimeStale>;
    /** A fragment has come, but no element of the page fits its target. */
    "realtime:untargeted": CustomEvent<RealtimeFragment & { channel: string }>;
    /** The answer to a form has replaced the page's content: all elements are new. */
    "realtime:page": CustomEvent<null>;
  }

  /** The events on forms and links with `data-realtime`; they bubble to the document. */
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

    /** Open the socket and keep it open. A page does this by itself when it has loaded. */
    connect(): void;

    /** Close the socket, and do not open it again until `connect()` is called. */
    close(): void;

    /**
     * Call `listener` for each message from now on.
     * @param channel a name, or a pattern such as `"room:*"`
     * @returns a function that removes the listener
     */
    on<Payload = any>(channel: string, listener: RealtimeListener<Payload>): () => void;

    /** Remove `listener` from `channel`; without `listener`, remove all listeners of `channel`. */
    off(channel: string, listener?: RealtimeListener<any>): void;

    /**
     * Request a route of the app over the socket; by HTTP if the app has not opened the route to calls.
     * Rejects with a RealtimeError, or with a TypeError if an option cannot be sent.
     * @param uri as for `fetch`; the origin must be the app's
     */
    call<Body = any>(uri: string | URL, options?: RealtimeCall): Promise<RealtimeReply<Body>>;

    /**
     * Send `data` to the app's handler of `action`, and resolve with its reply. Rejects with a
     * RealtimeError.
     * @param data any JSON value; `{}` if it is left out
     */
    send<Body = any>(
      action: string,
      data?: unknown,
      options?: { timeout?: number | null | undefined },
    ): Promise<RealtimeReply<Body>>;

    /** Do what `fetch` does, and tell the app which page asks. */
    fetch(resource: RequestInfo | URL, options?: RequestInit): Promise<Response>;
  }

  /** `stale`: the page shows outdated things, and has not been reloaded yet. */
  type RealtimeState = "connecting" | "open" | "waiting" | "stale" | "closed";

  type RealtimeListener<Payload = any> = (
    payload: Payload,
    /** The message's channel, and its position in the log; an ephemeral message has no position. */
    at: { channel: string; position: string | undefined },
  ) => void;

  interface RealtimeCall {
    /** The HTTP method, in upper or lower case; `"get"` by default. */
    method?: string | undefined;
    /** The fields of a form; with get, head and delete, of the query. */
    input?: FormData | URLSearchParams | RealtimeFields | null | undefined;
    /** The body as JSON, in place of `input`. */
    json?: unknown;
    headers?: Headers | { [name: string]: string } | [name: string, value: string][] | undefined;
    /**
     * How many milliseconds to wait for the reply, including the time without a socket: 30,000 by
     * default. 0 and Infinity mean no limit.
     */
    timeout?: number | null | undefined;
  }

  /** Names and values. Not an index signature, which objects of an interface's type would not fit. */
  type RealtimeFields = object;

  interface RealtimeReply<Body = any> {
    id: string;
    status: number;
    headers: { [name: string]: string };
    /** The value of JSON; a string for other text; bytes of anything else as a string in base64. */
    body: Body;
    encoding?: "base64";
    session?: string;
    /** If the answer came by HTTP: its address after redirects, and whether there were any. */
    url?: string;
    redirected?: boolean;
  }

  interface RealtimePush<Payload = any> {
    channel: string;
    payload: Payload;
    /** The message's position in the log; an ephemeral message has none. */
    position?: string;
  }

  /** The fragments of one message; or, on the element of a block, the block's new HTML. */
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
    /** The HTTP status of the view's response; 0 for a redirect. */
    status?: number;
    /** Why the blocks could not be fetched, if the view did not refuse them. */
    reason?: string;
  }

  interface RealtimeIdentity {
    /** The WebSocket's close code: 4001, or 1006 if the server refuses the page's session. */
    code: number;
    reason: string;
  }

  interface RealtimeClose {
    /** The WebSocket's close code: 1000 if the server has ended the session, 1006 for a lost network. */
    code: number;
    reason: string;
    /** `waiting` if the page will connect again, `closed` if it will not. */
    state: "waiting" | "closed";
  }

  interface RealtimeLoss {
    /** The channels whose messages are missing; empty if the server no longer knows the page. */
    channels: string[];
  }

  interface RealtimeError extends Error {
    name: "RealtimeTimeout" | "RealtimeInterrupted" | "RealtimeClosed" | "RealtimeRefused";
    /** Whether the server may have acted on the message, or may still do so. */
    wasSent: boolean;
    /** With `RealtimeRefused`: the status and the body of the app's answer to a form or a link. */
    status?: number;
    body?: any;
  }
}
