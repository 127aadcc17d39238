import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { comeBack, load, lost, page, push, realtime } from "./loaded.js";
import { CONNECTION_ID, settled } from "./page.js";

beforeEach(() => load());

test("a lost log is reported while the socket is open, and the page reloads", async () => {
  page.socket.welcome();
  push("a", 5);
  push("b", 5);

  page.socket.say({ channel: "a", lost: true, position: "e:5:t5" });
  await page.clock.pass(1_000);

  assert.deepEqual(lost(), [["a"]]);
  assert.equal(page.reloads, 1);
});

test("a page that has lost messages reloads when a call's cookies have come, however often that fails", async () => {
  let answer = 503;
  page.answer = () => answer;
  page.socket.welcome();
  realtime.call("/log-out", { method: "post" });
  page.socket.say({ id: "1", status: 204, headers: {}, body: null, session: "told" });
  await settled();
  page.socket.say({ channel: "a", lost: true, position: "e:5:t5" });
  await page.clock.pass(20_000);
  assert.equal(page.reloads, 0);

  answer = 204;
  await page.clock.pass(20_000);

  assert.equal(page.reloads, 1);
});

test("a page that prevents the reload goes on from the new position", async () => {
  page.document.addEventListener("realtime:lost", (event) => event.preventDefault());
  page.socket.welcome();
  push("a", 5);

  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  push("a", 1, "after", "f");
  await page.clock.pass(60_000);

  assert.deepEqual([page.reloads, page.details("push").map(({ payload }) => payload)], [0, [5, "after"]]);
});

test("a loss in the reply to the greeting is reported once, and its positions are forgotten", async () => {
  page.document.addEventListener("realtime:lost", (event) => event.preventDefault());
  page.socket.welcome();
  for (const channel of ["a", "b", "gone"]) push(channel, 5);

  await comeBack({ lost: ["a", "gone"] });
  page.socket.say({ channel: "a", lost: true, position: "f:3:" }); // the loss that the reply has named already
  await comeBack();

  assert.deepEqual(lost(), [["a", "gone"]]);
  assert.deepEqual(page.socket.sent[0].positions, { a: "f:3:", b: "e:5:t5" });
});

test("another loss of the same channel is reported again", async () => {
  page.socket.welcome();
  push("a", 5);
  await comeBack({ lost: ["a"] });
  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  page.socket.say({ channel: "a", lost: true, position: "g:0:" });

  assert.deepEqual(lost(), [["a"], ["a"]]);
});

test("a page that the server has forgotten reports a loss, and reloads", async () => {
  page.socket.welcome();

  await comeBack({ known: false });
  await page.clock.pass(1_000);

  assert.deepEqual(lost(), [[]]);
  assert.equal(page.reloads, 1);
});

test("a subscribed page that the server no longer knows at its first socket reports a loss", () => {
  page.socket.welcome({ known: false });

  assert.deepEqual(lost(), [[]]);
});

test("a page without subscriptions reports no loss if the server does not know it", async () => {
  load({ isSubscribed: false });
  page.socket.welcome({ known: false });
  await comeBack({ known: false });

  assert.deepEqual(lost(), []);
  assert.equal(realtime.state, "open");
});

test("a page that was subscribed later reports a loss if the server forgets it", async () => {
  load({ isSubscribed: false });
  page.socket.welcome({ known: false });
  await comeBack({ known: true });
  assert.deepEqual(lost(), []);

  await comeBack({ known: false });

  assert.deepEqual(lost(), [[]]);
});

test("a channel without listeners left is not reported as lost, and its position is forgotten", async () => {
  realtime.on("a", () => {});
  page.socket.welcome();
  push("a", 5);
  push("b", 5);

  realtime.off("a");
  await comeBack({ lost: ["a"] });
  await page.clock.pass(2_000);
  const reloads = page.reloads;
  await comeBack({ lost: ["b"] });
  await page.clock.pass(2_000);

  assert.deepEqual(lost(), [["b"]]);
  assert.deepEqual(page.socket.sent[0].positions, { b: "e:5:t5" });
  assert.deepEqual([reloads, page.reloads], [0, 1]);
});

test("a channel that the app unsubscribed is not reported as lost, and its position is forgotten", async () => {
  page.socket.welcome();
  push("a", 5);
  push("b", 5);

  page.socket.say({ channel: "a", left: true });
  await comeBack({ left: ["b"] });
  await comeBack();

  assert.deepEqual(lost(), []);
  assert.deepEqual(page.socket.sent[0].positions, {});
});

test("the loss of a channel without messages so far is reported", async () => {
  page.socket.welcome({ positions: { quiet: "e:7:t" } });

  await comeBack({ positions: { quiet: "e:7:t" } });
  assert.deepEqual(page.socket.sent[0].positions, { quiet: "e:7:t" });
  await comeBack({ lost: ["quiet"] });

  assert.deepEqual(lost(), [["quiet"]]);
});

test("messages of a later version are ignored, but their positions are noted", async () => {
  page.socket.welcome();

  page.socket.say({ channel: "a", later: [], position: "e:5:t" });
  page.socket.say({ channel: "a", whisper: 1 });
  page.socket.say({ what: "else" });
  push("a", 6);
  await comeBack();

  assert.deepEqual(page.details("push").map(({ payload }) => payload), [6]);
  assert.deepEqual(page.socket.sent[0].positions, { a: "e:6:t6" });
});

test("messages without a position are never taken for repeats", () => {
  page.socket.welcome();

  for (let count = 0; count < 2; count++) page.socket.say({ channel: "a", payload: "now" });

  assert.equal(page.details("push").length, 2);
});

test("messages are kept for a module that adds its listeners 1.5 seconds later", async () => {
  const heard = mock.fn();
  page.socket.welcome();
  push("room:1", 1);
  await page.clock.pass(1_500);

  realtime.on("room:1", heard);
  await settled();

  assert.equal(heard.mock.callCount(), 1);
});

test("a page out of a cache, whose subscriptions are gone, reports a loss and reloads once", async () => {
  const { sessionStorage: storage } = page;
  page.socket.welcome({ known: true, positions: {} });
  await page.clock.pass(1_000);
  assert.deepEqual([lost(), page.reloads, realtime.state], [[[]], 1, "stale"]);

  load({ storage }); // the same page, out of the same cache
  page.socket.welcome({ known: true, positions: {} });
  await page.clock.pass(3_600_000);

  assert.deepEqual([lost(), page.reloads, realtime.state], [[[]], 0, "stale"]);
});

test("after a loss the page is stale until it is reloaded", async () => {
  page.socket.welcome();
  push("a", 5);
  page.answerToProbe = () => 502;

  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  assert.deepEqual([realtime.state, page.state], ["stale", "stale"]);
  page.socket.end();
  await page.clock.pass(1_000);
  page.socket.welcome();

  assert.deepEqual([realtime.state, page.state], ["stale", "stale"]);
});

test("a page that a library has shown is not about to be left any more", async () => {
  page.socket.welcome();
  page.fire("turbo:visit");
  page.replaceBody({ socketConnectionId: "of-the-visit" });
  await settled();
  page.socket.welcome();
  push("a", 5);

  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  await page.clock.pass(1_000);

  assert.equal(page.reloads, 1);
});

test("a page that prevents the reload is not stale", () => {
  page.document.addEventListener("realtime:lost", (event) => event.preventDefault());
  page.socket.welcome({ known: false });

  assert.deepEqual([realtime.state, page.state], ["open", "open"]);
});

test("a planned reload is cancelled when the socket closes, and planned again when it opens", async () => {
  page.random = 1;
  page.socket.welcome();
  push("a", 5);
  page.socket.say({ channel: "a", lost: true, position: "f:0:" });

  page.socket.end();
  await page.clock.pass(900);
  assert.deepEqual([page.probes.length, page.reloads], [0, 0]);
  await page.clock.pass(100);
  page.socket.welcome();
  await page.clock.pass(500);

  assert.deepEqual([lost(), page.reloads], [[["a"]], 1]);
});

test("a page that replaces another has its own id, and its own positions", async () => {
  page.socket.welcome();
  push("a", 5);
  const [former] = page.sockets;

  page.replaceBody({ socketConnectionId: "another-page-of-it" });
  await settled();

  assert.deepEqual([former.closedWith, realtime.connectionId], [1000, "another-page-of-it"]);
  assert.match(page.socket.url, /socket_connection_id=another-page-of-it&resume=1$/);
  page.socket.welcome();
  assert.deepEqual(page.socket.sent[0].positions, {});
  assert.deepEqual([page.state, realtime.state], ["open", "open"]);
});

test("a page that is shown again goes on from its own positions", async () => {
  page.socket.welcome();
  push("a", 5);
  page.replaceBody({ socketConnectionId: "another-page-of-it" });
  page.socket.welcome();
  push("a", 9);

  page.replaceBody({ socketConnectionId: CONNECTION_ID });
  page.socket.accept();

  assert.deepEqual(page.socket.sent[0].positions, { a: "e:5:t5" });
});

test("a page is known again however often two others have taken turns since", async () => {
  page.socket.welcome();
  push("a", 5);
  for (let turn = 0; turn < 50; turn++) {
    page.replaceBody({ socketConnectionId: `another-page-of-it-${turn % 2}` });
    page.socket.welcome();
  }

  page.replaceBody({ socketConnectionId: CONNECTION_ID });
  page.socket.accept();

  assert.deepEqual(page.socket.sent[0].positions, { a: "e:5:t5" });
});

test("a page is not reloaded while a form waits for its answer", async () => {
  page.socket.welcome();
  const visit = {};
  realtime.visits.add(visit);

  page.socket.say({ channel: "room", position: "e:9:t", lost: true });
  await page.clock.pass(4_000);
  assert.deepEqual([page.state, page.reloads], ["stale", 0]);
  realtime.visits.delete(visit);
  await page.clock.pass(10_000);

  assert.equal(page.reloads, 1);
});
