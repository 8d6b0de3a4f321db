import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ConnectorError,
  connector,
  InvalidState,
  Misconfigured,
  RateLimited,
  sleep,
  Unauthorized,
  UnknownTable,
  Upstream,
} from "weld-connector";
import { fakeHost } from "weld-connector/testing";

const page = (call) => connector({ tables: { t: { fetchPage: call } } });
const fetchPage = (call, options) => fakeHost(options).fetchPage(page(call), "t");
const good = { insert: [], state: {}, hasMore: false };

test("each error is the contract's, and its stack is not logged", async () => {
  const cases = [
    [new UnknownTable(), { tag: "unknown-table", val: undefined }],
    [new Misconfigured("m\ud800"), { tag: "misconfigured", val: "m\ufffd" }],
    [new InvalidState("i"), { tag: "invalid-state", val: "i" }],
    [new Unauthorized("u"), { tag: "unauthorized", val: "u" }],
    [new RateLimited(), { tag: "rate-limited", val: undefined }],
    [new RateLimited(1.5), { tag: "rate-limited", val: 2 }],
    [new Upstream("a", { cause: new Error("b") }), { tag: "upstream", val: "a" }],
    [new ConnectorError("o"), { tag: "other", val: "o" }],
    [
      { tag: "upstream", val: "plain" },
      { tag: "upstream", val: "plain" },
    ],
    [Object.assign(new Error("x"), { payload: { tag: "unauthorized", val: "y" } }), { tag: "unauthorized", val: "y" }],
  ];
  for (const [error, expected] of cases) {
    const host = fakeHost();
    const source = page(async () => {
      throw error;
    });
    await assert.rejects(host.fetchPage(source, "t"), expected);
    await assert.rejects(
      host.fetchPage(
        page(() => {
          throw error;
        }),
        "t",
      ),
      expected,
    );
    assert.deepEqual(host.logs, []);
  }
  assert.throws(() => new RateLimited(NaN), /the wait of RateLimited is NaN/);
});

test("any other error is `other` with its message, and its stack is logged", async () => {
  const cases = [
    [new TypeError("no such thing", { cause: new Error("deeper") }), "TypeError: no such thing"],
    [new Error(""), "Error"],
    ["text", '"text" was thrown instead of an Error'],
    [null, "null was thrown instead of an Error"],
    [{ tag: "misspelled", val: "x" }, "an object was thrown instead of an Error"],
    [{ tag: "upstream" }, "an object was thrown instead of an Error"],
    [{ tag: "rate-limited", val: 1.5 }, "an object was thrown instead of an Error"],
    [{ tag: "rate-limited", val: -1 }, "an object was thrown instead of an Error"],
  ];
  for (const [error, val] of cases) {
    const host = fakeHost();
    await assert.rejects(
      host.fetchPage(
        page(async () => {
          throw error;
        }),
        "t",
      ),
      { tag: "other", val },
    );
    assert.equal(host.logs.length, 1);
    assert.equal(host.logs[0].level, "error");
    assert.ok(host.logs[0].message.startsWith(`fetchPage of table "t" failed: ${val}`), host.logs[0].message);
  }
  const host = fakeHost();
  await assert.rejects(
    host.fetchPage(
      page(() => {
        throw cases[0][0];
      }),
      "t",
    ),
  );
  assert.match(host.logs[0].message, /errors\.test\.js:\d+[\s\S]*caused by Error: deeper/);
});

test("a promise that nothing will settle is an error", async () => {
  await assert.rejects(
    fetchPage(() => new Promise(() => {})),
    {
      tag: "other",
      message: /fetchPage of table "t" returned a promise that nothing will settle/,
    },
  );
  await assert.rejects(
    fetchPage(async () => {
      await new Promise((resolve) => setTimeout(() => {}, 5));
    }),
    { tag: "other", message: /nothing will settle/ },
  );
});

test("timers run in the order of their times, and the host sleeps until then", async () => {
  const host = fakeHost();
  const order = [];
  await host.fetchPage(
    page(async () => {
      setTimeout((value) => order.push(value), 30, "30");
      setTimeout(() => order.push("30 too"), 30);
      setTimeout(() => order.push("10"), 10);
      clearTimeout(setTimeout(() => order.push("never"), 1));
      const every = setInterval(() => {
        order.push("every");
        if (order.length > 5) clearInterval(every);
      }, 12);
      await Promise.all([sleep(40), sleep(40)]);
      order.push("slept");
      return good;
    }),
    "t",
  );
  assert.deepEqual(order, ["10", "every", "every", "30", "30 too", "every", "slept"]);
  assert.deepEqual(host.sleeps, [10, 2, 12, 6, 6, 4]);
});

test("a sleep that is longer than the page's time is an error that can be caught", async () => {
  const options = { timeLeft: 100 };
  const left = await fetchPage(() => sleep(101).catch((error) => ({ ...good, state: { left: error.left } })), options);
  assert.equal(left.state.left, 100);
  await assert.rejects(
    fetchPage(() => sleep(101), options),
    { tag: "other", message: /only 100 ms left, less than the requested sleep/ },
  );
  await assert.rejects(
    fetchPage(() => new Promise((done) => setTimeout(done, 101)), options),
    { tag: "other", message: /only 100 ms left, less than the requested sleep/ },
  );
  await assert.rejects(
    fetchPage(() => sleep(NaN)),
    { tag: "other", message: /duration of sleep is NaN/ },
  );
});

test("a sleep that fails in another way is not reported as a lack of time", async () => {
  const host = fakeHost();
  host.sleep = () => {
    throw new Error("broken");
  };
  await assert.rejects(
    host.fetchPage(
      page(() => sleep(1)),
      "t",
    ),
    { tag: "other", message: /Error: broken/ },
  );
});
