import assert from "node:assert/strict";
import { test } from "node:test";

import { Promise as Kit, queueJob, runJobs, takeUnhandled } from "../../src/promise.js";

const Native = globalThis.Promise;

// Each program notes what happens in which order. The order must be the same with the kit's promises as with the
// engine's.
const programs = {
  "handlers run after the code that adds them, in their order"(P, note) {
    const promise = P.resolve(1);
    promise.then((value) => note("first", value)).then(() => note("third"));
    promise.then((value) => note("second", value));
    note("now");
  },
  "a value passes handlers that aren't functions"(P, note) {
    P.resolve(1)
      .then(undefined, undefined)
      .then(null, 5)
      .then((value) => note(value));
    P.reject(2)
      .then(() => note("never"))
      .catch((reason) => note("caught", reason))
      .then((value) => note(value));
  },
  "an error thrown by a handler rejects the promise"(P, note) {
    P.resolve()
      .then(() => {
        throw "oops";
      })
      .catch((reason) => note(reason));
  },
  "only the first settling has an effect"(P, note) {
    new P((resolve, reject) => {
      resolve(1);
      reject(2);
      resolve(3);
      throw 4;
    }).then(note, () => note("never"));
    new P(() => {
      throw "thrown";
    }).catch(note);
  },
  "a promise resolved with a promise takes the same number of turns"(P, note) {
    const inner = P.resolve("inner");
    new P((resolve) => resolve(inner)).then(note);
    let steps = P.resolve();
    for (let step = 0; step < 5; step++) steps = steps.then(() => note(step));
  },
  "objects with a then method are followed, once"(P, note) {
    P.resolve({
      then(resolve, reject) {
        resolve("followed");
        reject("twice");
        throw "thrice";
      },
    }).then(note, () => note("never"));
    P.resolve({ then: 1 }).then((value) => note(value.then));
    P.resolve(
      Object.defineProperty({}, "then", {
        get() {
          throw "no then";
        },
      }),
    ).catch(note);
  },
  "a promise can't wait for itself"(P, note) {
    let resolve;
    const promise = new P((given) => (resolve = given));
    resolve(promise);
    promise.catch((reason) => note(reason.constructor === TypeError));
  },
  "finally keeps value and reason, unless it fails itself"(P, note) {
    P.resolve(1)
      .finally((...none) => note("finally", none.length))
      .then(note);
    P.reject(2)
      .finally(() => 5)
      .catch(note);
    P.resolve(3)
      .finally(() => {
        throw "own";
      })
      .catch(note);
    P.resolve(4)
      .finally(() => P.reject("later"))
      .catch(note);
    P.resolve(6).finally("no function").then(note);
  },
  "all, allSettled, any and race"(P, note) {
    const later = P.resolve().then(() => "later");
    P.all([later, 2, P.resolve(3)]).then((values) => note("all", values.join()));
    P.all([]).then((values) => note("all of none", values.length));
    P.all([1, P.reject("no"), P.reject("nor")]).catch((reason) => note("all", reason));
    P.allSettled([1, P.reject("no")]).then((results) => note("allSettled", JSON.stringify(results)));
    P.any([P.reject("no"), later]).then((value) => note("any", value));
    P.any([P.reject("a"), P.reject("b")]).catch((error) => note(error.constructor.name, error.errors.join()));
    P.any([]).catch((error) => note(error.constructor.name, error.errors.length));
    P.race([later, P.resolve("first")]).then((value) => note("race", value));
    P.all(5).catch((error) => note("all of a number", error.constructor.name));
  },
  "a subclass creates instances of itself"(P, note) {
    class Sub extends P {}
    note(
      Sub.resolve(1).then(() => {}) instanceof Sub,
      Sub.all([]) instanceof Sub,
      P.resolve(new Sub(() => {})) instanceof Sub,
    );
    note(Object.prototype.toString.call(P.resolve()));
  },
  "a class that creates no valid promise is refused"(P, note) {
    const kinds = {
      "without an executor": function () {},
      "that calls it twice": function (executor) {
        executor(note, note);
        executor(note, note);
      },
      "that settles with no function": function (executor) {
        executor(1, 2);
      },
      "that throws": function () {
        throw new TypeError("own");
      },
    };
    for (const [kind, Type] of Object.entries(kinds)) {
      for (const method of ["resolve", "reject", "all", "race"]) {
        try {
          P[method].call(Type, []);
          note(kind, method, "is accepted");
        } catch (error) {
          note(kind, method, error.constructor.name);
        }
      }
    }
  },
  "a class's resolve is looked up once, and a failing one ends the iteration"(P, note) {
    function* items() {
      try {
        yield 1;
        yield 2;
      } finally {
        note("ended");
      }
    }
    for (const method of ["all", "allSettled", "any", "race"]) {
      class Sub extends P {
        static get resolve() {
          note("looked up");
          return super.resolve;
        }
      }
      P[method].call(Sub, items()).then(() => note(method));
      class Failing extends P {
        static resolve() {
          throw "failing";
        }
      }
      P[method].call(Failing, items()).catch((reason) => note(method, reason));
    }
  },
};

async function natively(program) {
  const notes = [];
  program(Native, (...values) => notes.push(values.join(" ")));
  await new Native((resolve) => setImmediate(resolve));
  return notes;
}

function byTheKit(program) {
  const notes = [];
  program(Kit, (...values) => notes.push(values.join(" ")));
  runJobs();
  return notes;
}

for (const [name, program] of Object.entries(programs)) {
  test(name, async () => {
    const expected = await natively(program);
    assert.notEqual(expected.length, 0);
    assert.deepEqual(byTheKit(program), expected);
  });
}

test("rejected promises without a handler are found, and no others", () => {
  takeUnhandled();
  Kit.reject("forgotten");
  Kit.reject("caught at once").catch(() => {});
  const late = Kit.reject("caught later");
  late.catch(() => {});
  Kit.reject("its child").then(() => {});
  runJobs();
  assert.deepEqual(takeUnhandled(), ["forgotten", "its child"]);
  assert.deepEqual(takeUnhandled(), []);
});

test("withResolvers and try exist in any engine", () => {
  const notes = [];
  const { promise, resolve } = Kit.withResolvers();
  promise.then((value) => notes.push(value));
  resolve("resolved");
  Kit.try((value) => value, "tried").then((value) => notes.push(value));
  Kit.try(() => {
    throw "thrown";
  }).catch((reason) => notes.push(reason));
  runJobs();
  assert.deepEqual(notes.sort(), ["resolved", "thrown", "tried"]);
});

test("a long chain of jobs runs to its end, and a job that throws doesn't drop others", () => {
  let count = 0;
  const again = () => {
    count += 1;
    if (count < 100_000) queueJob(again);
  };
  again();
  runJobs();
  assert.equal(count, 100_000);

  queueJob(() => {
    throw new Error("a job");
  });
  queueJob(() => (count = 0));
  assert.throws(runJobs, /a job/);
  runJobs();
  assert.equal(count, 0);
});
