import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../../flask_realtime/javascript/client.js";
import { FakePage, response, settled } from "./page.js";

const GIVEN = "an-id-that-was-given";

/** Load a page without an id, as the server renders for a request from another site. */
function load(answer, isSubscribed = true) {
  const page = new FakePage();
  page.answer = answer;
  const realtime = new Client(page, {
    connectionId: "",
    socketUrl: "ws://app.test/",
    sessionUrl: "/_realtime/session",
    // As with the script's tags, each of which counts once.
    isSubscribed: () => isSubscribed && ((isSubscribed = false), true),
  });
  realtime.connect();
  return { page, realtime };
}

const give = () => response(204, { "X-Realtime-Connection-Id": GIVEN });

for (const isSubscribed of [true, false]) {
  test(`a page without an id gets one; ${isSubscribed ? "its view's subscriptions are" : "nothing is"} lost`, async () => {
    const { page, realtime } = load(give, isSubscribed);
    await settled();

    page.socket.welcome({ known: false });
    await page.clock.pass(20_000);

    assert.equal(page.fetches.length, 1);
    assert.equal(page.fetches[0].options.headers["X-Realtime-Connection-Id"], "new");
    assert.match(page.socket.url, new RegExp(`socket_connection_id=${GIVEN}&`));
    assert.equal(page.document.body.dataset.socketConnectionId, GIVEN);
    assert.equal(realtime.connectionId, GIVEN);
    assert.deepEqual(page.details("lost"), isSubscribed ? [{ channels: [] }] : []);
    assert.deepEqual([page.reloads, page.navigations, page.probes], [0, [], []]);
  });
}

test("listeners that were added before the id came get messages after it", async () => {
  const { page, realtime } = load(give);
  const heard = [];
  realtime.on("room:*", (payload) => heard.push(payload));
  await settled();

  page.socket.welcome({ known: false });
  page.socket.say({ channel: "room:1", payload: "hi", position: "e:1:t" });

  assert.deepEqual(heard, ["hi"]);
  assert.equal(realtime.state, "open");
});

test("a fetch waits for the id", async () => {
  let arrive;
  const { page, realtime } = load(() => new Promise((resolve) => (arrive = resolve)));
  page.answer = (count) => (count === 1 ? new Promise((resolve) => (arrive = resolve)) : 200);
  await settled();
  void realtime.fetch("/x");
  await settled();
  assert.equal(page.fetches.length, 1);

  arrive(give());
  await settled();

  assert.equal(page.fetches[1].resource.headers.get("X-Realtime-Connection-Id"), GIVEN);
});

test("the request for an id is retried without an answer, but not after a refusal", async () => {
  const { page } = load((count) => (count < 3 ? 503 : give()));
  await settled();
  await page.clock.pass(5_000);
  assert.equal(page.fetches.length, 3);
  assert.equal(page.sockets.length, 1);

  const refused = load(() => response(403, { "X-Realtime-Refused": "session" }));
  await settled();
  await refused.page.clock.pass(60_000);
  assert.equal(refused.page.fetches.length, 1);
  assert.equal(refused.page.sockets.length, 0);
});

test("an id that comes late opens no closed client, and replaces no other id", async () => {
  const { page, realtime } = load(give);
  realtime.close();
  await settled();
  assert.deepEqual([realtime.state, page.sockets.length], ["closed", 0]);

  const other = load(give);
  other.page.replaceBody({ socketConnectionId: "the-next-page-of-this-tab" });
  await settled();
  assert.equal(other.realtime.connectionId, "the-next-page-of-this-tab");
});

test("a page that was closed before it had an id asks for one again when it is to connect", async () => {
  const { page, realtime } = load((count) => (count === 1 ? 503 : give()));
  await settled();
  realtime.close();
  await page.clock.pass(20_000);
  assert.deepEqual([realtime.state, page.fetches.length], ["closed", 1]);

  realtime.connect();
  await settled();
  page.socket?.welcome({ known: false });

  assert.deepEqual([realtime.state, realtime.connectionId, page.fetches.length], ["open", GIVEN, 2]);
});

test("a page that the server did not stamp requests no id", async () => {
  const page = new FakePage();
  new Client(page, { connectionId: undefined, isSubscribed: () => true }).connect();
  await settled();

  assert.deepEqual([page.fetches, page.sockets], [[], []]);
});

test("a page that wakes while it asks for an id is not loaded anew when it gets none", async () => {
  let arrive;
  const { page, realtime } = load(() => new Promise((resolve) => (arrive = resolve)));
  await settled();
  for (let count = 0; count < 3; count++) {
    page.fire("online");
    await settled();
  }

  arrive(response(403, { "X-Realtime-Refused": "session" }));
  await settled();
  await page.clock.pass(500);

  assert.deepEqual([page.details("identity"), page.reloads, realtime.state], [[], 0, "waiting"]);
});
