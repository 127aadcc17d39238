/** The types of `window.realtime`, which the script of `realtime_script()` makes. */

export {};

declare global {
  interface Window {
    readonly realtime: Realtime;
  }

  const realtime: Realtime;

  interface DocumentEventMap {
    "realtime:open": CustomEvent<null>;
    "realtime:close": CustomEvent<RealtimeClose>;
    /** Its default, unless prevented, is to reload the page. */
    "realtime:lost": CustomEvent<RealtimeLoss>;
    "realtime:push": CustomEvent<RealtimePush>;
    /** The answer of a form has become the document: its elements are new. */
    "realtime:page": CustomEvent<null>;
  }

  /** What forms and links with `data-realtime` are told; they bubble. */
  interface HTMLElementEventMap {
    "realtime:reply": CustomEvent<RealtimeReply>;
    "realtime:error": CustomEvent<RealtimeError>;
  }

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

    /** Have the app's route at `uri` answer, as it would by HTTP; rejects with a RealtimeError. */
    call<Body = any>(uri: string, options?: RealtimeCall): Promise<RealtimeReply<Body>>;

    /** Have the app's handler of `action` answer `message`; rejects with a RealtimeError. */
    send<Body = any>(
      action: string,
      message?: { [field: string]: unknown },
      options?: { timeout?: number },
    ): Promise<RealtimeReply<Body>>;

    /** The browser's `fetch`, which names this page to its own app. */
    fetch(resource: RequestInfo | URL, options?: RequestInit): Promise<Response>;
  }

  type RealtimeState = "connecting" | "open" | "waiting" | "closed";

  type RealtimeListener<Payload = any> = (
    payload: Payload,
    at: { channel: string; position: string },
  ) => void;

  interface RealtimeCall {
    /** `"get"` if there is none. */
    method?: string;
    /** A form's fields, or a query's for get, head and delete. */
    input?: FormData | URLSearchParams | { [name: string]: RealtimeField | RealtimeField[] };
    /** A JSON body, in place of `input`. */
    json?: unknown;
    headers?: { [name: string]: string };
    /** The block of the rendered template that is wanted in place of the page. */
    partial?: string;
    /** Milliseconds until the reply must be there, the time without a socket included; 30,000. */
    timeout?: number;
  }

  type RealtimeField = string | number | boolean | null;

  interface RealtimeReply<Body = any> {
    id: string;
    status: number;
    headers: { [name: string]: string };
    /** JSON as it is, text as a string, anything else in base64. */
    body: Body;
    encoding?: "base64";
    session?: true;
  }

  interface RealtimePush<Payload = any> {
    channel: string;
    payload: Payload;
    position: string;
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
