/** The types of `window.realtime`, which the script of `realtime_script()` makes. */

/** The page's one client, for scripts that a bundler puts together. */
export const realtime: Realtime;

declare global {
  interface Window {
    readonly realtime: Realtime;
  }

  const realtime: Realtime;

  /** The events of the document; they bubble to the window. */
  interface RealtimeEventMap extends RealtimeFormEventMap {
    "realtime:open": CustomEvent<null>;
    "realtime:close": CustomEvent<RealtimeClose>;
    /** Messages are missing. The default, unless prevented, is to reload the page. */
    "realtime:lost": CustomEvent<RealtimeLoss>;
    /** The session has ended, or is another user's. The default, unless prevented, is to reload the page. */
    "realtime:identity": CustomEvent<RealtimeIdentity>;
    "realtime:push": CustomEvent<RealtimePush>;
    /** The server is about to change the page's HTML, unless prevented. */
    "realtime:html": CustomEvent<RealtimeHTML>;
    /** A block could not be fetched. If its view refused it, the default, unless prevented, is a reload. */
    "realtime:stale": CustomEvent<RealtimeStale>;
    /** A fragment has come, and no element of the page fits its target. */
    "realtime:untargeted": CustomEvent<RealtimeFragment & { channel: string }>;
    /** The answer to a form has become the document: all elements are new. */
    "realtime:page": CustomEvent<null>;
  }

  /** The events of forms and links with `data-realtime`; they bubble to the document. */
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
     * Call `listener` with each message from now on. The function that is returned ends that.
     * @param channel a name, or a pattern such as `"room:*"`
     */
    on<Payload = any>(channel: string, listener: RealtimeListener<Payload>): () => void;

    /** End what `on` began: for `listener`, or else for all listeners of `channel`. */
    off(channel: string, listener?: RealtimeListener<any>): void;

    /**
     * Have the app's route at `uri` answer over the socket, as it would by HTTP. If the app has not
     * opened the route to calls, it is requested by HTTP. Rejects with a RealtimeError, or with a
     * TypeError for options that cannot be sent.
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

  /** `stale`: the page shows outdated things, and was not reloaded so far. */
  type RealtimeState = "connecting" | "open" | "waiting" | "stale" | "closed";

  type RealtimeListener<Payload = any> = (
    payload: Payload,
    /** The message's channel and its position in the log; an ephemeral message has no position. */
    at: { channel: string; position: string | undefined },
  ) => void;

  interface RealtimeCall {
    /** `"get"` by default. */
    method?: string | undefined;
    /** A form's fields, or a query's for get, head and delete. */
    input?: FormData | URLSearchParams | RealtimeFields | null | undefined;
    /** A JSON body, in place of `input`. */
    json?: unknown;
    headers?: Headers | { [name: string]: string } | [name: string, value: string][] | undefined;
    /**
     * Milliseconds until the reply must have come, including the time without a socket: 30,000 by
     * default; 0 and Infinity are no limit.
     */
    timeout?: number | null | undefined;
  }

  /** Names and values. Not an index signature, which objects of an interface's type would not fit. */
  type RealtimeFields = object;

  interface RealtimeReply<Body = any> {
    id: string;
    status: number;
    headers: { [name: string]: string };
    /** JSON as it is, text as a string, anything else in base64. */
    body: Body;
    encoding?: "base64";
    session?: true;
    /** If HTTP has answered: the address that answered in the end, and whether a redirect led there. */
    url?: string;
    redirected?: boolean;
  }

  interface RealtimePush<Payload = any> {
    channel: string;
    payload: Payload;
    /** Missing for an ephemeral message. */
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
    /** The status of the view's answer; 0 for a redirect. */
    status?: number;
    /** Why the block could not be shown, if the view did not refuse it. */
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
    /** What is next: another attempt, or nothing. */
    state: "waiting" | "closed";
  }

  interface RealtimeLoss {
    /** The channels whose messages are missing; empty if the server no longer knows the page. */
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
