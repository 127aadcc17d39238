import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { comeBack, load, lost, page, push, realtime } from "./loaded.js";
import { CONNECTION_ID, settled } from "./page.js";

beforeEach(() => load());

test("a log that was lost while the socket is open is raised, and reloads the page", async () => {
  page.socket.welcome();
  push("a", 5);
  push("b", 5);

  page.socket.say({ channel: "a", lost: true, position: "e:5:t5" });
  await page.clock.pass(1_000);

  assert.deepEqual(lost(), [["a"]]);
  assert.equal(page.reloads, 1);
});

test("who prevents the default is not reloaded, and hears on from the new position", async () => {
  page.document.addEventListener("realtime:lost", (event) => event.preventDefault());
  page.socket.welcome();
  push("a", 5);

  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  push("a", 1, "after", "f");
  await page.clock.pass(60_000);

  assert.equal(page.reloads, 0);
  assert.deepEqual(page.details("push").map(({ payload }) => payload), [5, "after"]);
});

test("what is lost at a return is raised once, and not named again", async () => {
  page.document.addEventListener("realtime:lost", (event) => event.preventDefault());
  page.socket.welcome();
  for (const channel of ["a", "b", "gone"]) push(channel, 5);

  await comeBack({ lost: ["a", "gone"] });
  page.socket.say({ channel: "a", lost: true, position: "f:3:" }); // of what was told already
  await comeBack();

  assert.deepEqual(lost(), [["a", "gone"]]);
  assert.deepEqual(page.socket.sent[0].positions, { a: "f:3:", b: "e:5:t5" });
});

test("a channel that is lost once more is raised once more", async () => {
  page.socket.welcome();
  push("a", 5);
  await comeBack({ lost: ["a"] });
  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  page.socket.say({ channel: "a", lost: true, position: "g:0:" });

  assert.deepEqual(lost(), [["a"], ["a"]]);
});

test("a page that the server has forgotten is lost, and reloads", async () => {
  page.socket.welcome();

  await comeBack({ known: false });
  await page.clock.pass(1_000);

  assert.deepEqual(lost(), [[]]);
  assert.equal(page.reloads, 1);
});

test("so is one that was subscribed and comes too late with its first socket", () => {
  page.socket.welcome({ known: false });

  assert.deepEqual(lost(), [[]]);
});

test("a page that never was subscribed has lost nothing", async () => {
  load({ isSubscribed: false });
  page.socket.welcome({ known: false });
  await comeBack({ known: false });

  assert.deepEqual(lost(), []);
  assert.equal(realtime.state, "open");
});

test("one that was subscribed later is forgotten as any other", async () => {
  load({ isSubscribed: false });
  page.socket.welcome({ known: false });
  await comeBack({ known: true });
  assert.deepEqual(lost(), []);

  await comeBack({ known: false });

  assert.deepEqual(lost(), [[]]);
});

test("a channel that the page has left is not lost, but forgotten", async () => {
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

test("a channel from which the app has taken the page is not lost, but forgotten", async () => {
  page.socket.welcome();
  push("a", 5);
  push("b", 5);

  page.socket.say({ channel: "a", left: true });
  await comeBack({ left: ["b"] });
  await comeBack();

  assert.deepEqual(lost(), []);
  assert.deepEqual(page.socket.sent[0].positions, {});
});

test("a channel of which nothing was heard is told of when it is lost", async () => {
  page.socket.welcome({ positions: { quiet: "e:7:t" } });

  await comeBack({ positions: { quiet: "e:7:t" } });
  assert.deepEqual(page.socket.sent[0].positions, { quiet: "e:7:t" });
  await comeBack({ lost: ["quiet"] });

  assert.deepEqual(lost(), [["quiet"]]);
});

test("what a later version says is passed over, and where it stood is noted", async () => {
  page.socket.welcome();

  page.socket.say({ channel: "a", later: [], position: "e:5:t" });
  page.socket.say({ channel: "a", whisper: 1 });
  page.socket.say({ what: "else" });
  push("a", 6);
  await comeBack();

  assert.deepEqual(page.details("push").map(({ payload }) => payload), [6]);
  assert.deepEqual(page.socket.sent[0].positions, { a: "e:6:t6" });
});

test("a message without a position is heard, and never a repeat", () => {
  page.socket.welcome();

  for (let count = 0; count < 2; count++) page.socket.say({ channel: "a", payload: "now" });

  assert.equal(page.details("push").length, 2);
});

test("what comes before a module that loads something first is kept for it", async () => {
  const heard = mock.fn();
  page.socket.welcome();
  push("room:1", 1);
  await page.clock.pass(1_500);

  realtime.on("room:1", heard);
  await settled();

  assert.equal(heard.mock.callCount(), 1);
});

test("a page out of a cache, to which nobody sends anything, is lost, and reloads once", async () => {
  const { sessionStorage: storage } = page;
  page.socket.welcome({ known: true, positions: {} });
  await page.clock.pass(1_000);
  assert.deepEqual([lost(), page.reloads, realtime.state], [[[]], 1, "stale"]);

  load({ storage }); // the same, out of the same cache
  page.socket.welcome({ known: true, positions: {} });
  await page.clock.pass(3_600_000);

  assert.deepEqual([lost(), page.reloads, realtime.state], [[[]], 0, "stale"]);
});

test("a page that is lost is stale, until it is loaded anew", async () => {
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

test("who prevents the default of a loss is not stale", () => {
  page.document.addEventListener("realtime:lost", (event) => event.preventDefault());
  page.socket.welcome({ known: false });

  assert.deepEqual([realtime.state, page.state], ["open", "open"]);
});

test("a reload is called off when the socket closes, and begun anew when it is back", async () => {
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

test("a page that takes the place of another is known by its own id, and heard from its start", async () => {
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

test("a page that comes back in place of another goes on where it was", async () => {
  page.socket.welcome();
  push("a", 5);
  page.replaceBody({ socketConnectionId: "another-page-of-it" });
  page.socket.welcome();
  push("a", 9);

  page.replaceBody({ socketConnectionId: CONNECTION_ID });
  page.socket.accept();

  assert.deepEqual(page.socket.sent[0].positions, { a: "e:5:t5" });
});
