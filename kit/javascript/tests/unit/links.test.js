import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Response } from "../../src/response.js";

// The cases of all kits.
const CASES = JSON.parse(readFileSync(new URL("../../../link.json", import.meta.url), "utf8"));

function answer(url, links) {
  const headers = links.map((value) => ["link", value]);
  return Response.fromHost({ status: 200, headers, body: { tag: "text", val: "" }, url }, url);
}

test("links are read as in the other kits", () => {
  assert(CASES.length > 30);
  for (const { what, url, link, rel, target, attributes = {} } of CASES) {
    const found = answer(url, link).links[rel];
    assert.equal(found?.url ?? null, target, what);
    for (const [name, value] of Object.entries(attributes)) assert.equal(found[name], value, `${what}: ${name}`);
  }
});

test("the links have no inherited names", () => {
  const { links } = answer("https://h/", ["<https://h/2>; rel=next"]);
  assert.equal(links.constructor, undefined);
  assert.equal(links.next.toString, undefined);
  assert.deepEqual(Object.keys(links), ["next"]);
});

test("two hundred links followed in a row have the parameters once", () => {
  let url = "https://h/items?limit=2&sort=id";
  for (let page = 1; page <= 200; page++) {
    const at = new URL(url);
    at.searchParams.set("page", page);
    ({ url } = answer(url, [`<${at.pathname}${at.search}>; rel="next"`]).links.next);
  }
  assert.equal(url, "https://h/items?limit=2&sort=id&page=200");
});

test("the links of a response that the host didn't create are not resolved", () => {
  const made = new Response("", { headers: { link: "</2>; rel=next" } });
  assert.equal(made.links.next.url, "/2");
});
