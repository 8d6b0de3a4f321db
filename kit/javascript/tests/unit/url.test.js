import assert from "node:assert/strict";
import { test } from "node:test";

import { URLSearchParams as KitParams } from "../../src/search-params.js";
import { URL as KitUrl } from "../../src/url.js";

test("parameters are read and written as in Node", () => {
  const inits = [
    "a=1&b=2&a=3",
    "?q=x+y%20z",
    "%zz=%",
    "a==b&&c",
    "ö=%C3%B6&%FF=1",
    "a=%EF%BB%BFx",
    "=",
    "",
    { a: 1, "b c": "!'()*~-._" },
    [
      ["a", "\ud800"],
      ["é&=", "+%"],
    ],
    new Map([["m", "1"]]),
    new URLSearchParams("x=1"),
  ];
  for (const init of inits) {
    const [kit, node] = [new KitParams(init), new URLSearchParams(init)];
    assert.deepEqual([...kit], [...node], String(node));
    assert.equal(String(kit), String(node));
    assert.equal(kit.size, node.size);
  }
});

test("parameters are changed as in Node", () => {
  const changes = (params) => {
    params.append("b", 1);
    params.set("a", "x");
    params.set("new", "y");
    params.delete("c");
    params.delete("b", "2");
    params.sort();
    const seen = [];
    params.forEach((value, name) => seen.push(name, value));
    return [
      String(params),
      seen,
      params.get("a"),
      params.get("no"),
      params.getAll("b"),
      params.has("b"),
      params.has("b", "9"),
      [...params.keys()],
      [...params.values()],
    ];
  };
  const init = "c=1&b=2&a=3&b=4&a=5";
  assert.deepEqual(changes(new KitParams(init)), changes(new URLSearchParams(init)));
  assert.throws(() => new KitParams([["a"]]), TypeError);
});

const PARTS = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
];
const parts = (url) => PARTS.map((part) => url[part]);

test("URLs are parsed as in Node", () => {
  const cases = [
    ["https://api.example.com"],
    ["HTTP://API.Example.com:80/a/../b/./c?q#f"],
    ["https://u:p%20@h:8443/p"],
    ["https://u@h/"],
    ['  https://h/a b?c d\'"<>`#e f`"  '],
    ["https://h/ä?ö#ü"],
    ["http://127.0.0.1:9000/v2"],
    ["http://[::1]:8080/x"],
    ["http://h?q"],
    ["http://h#f"],
    ["http://h/?#"],
    ["http:\\\\h\\a\\b?\\c"],
    ["http://h/%2e%2e/a/%2E/b"],
    ["http://h/a/.."],
    ["http://h/{x}|~[]"],
    ["http://h/a\tb\nc"],
    ["http://h/😀"],
    ["http://h:/a"],
    ["http://a_b.example/"],
    ["next", "https://h/a/b?x#y"],
    ["../up/", "https://h/a/b/c"],
    ["/root?q", "https://h:1/a"],
    ["?page=2", "https://h/a/b?page=1#f"],
    ["#f", "https://h/a?q"],
    ["", "https://h/a?q#f"],
    ["//other/x", "https://h/a"],
    ["https://new/x", "https://h/a"],
    ["../../../x", "https://h/a/b"],
    ["a?b/../c", "https://h/x/y"],
  ];
  for (const [url, base] of cases) {
    assert.deepEqual(parts(new KitUrl(url, base)), parts(new URL(url, base)), `${url} on ${base}`);
  }
});

test("an invalid URL is an error, as in Node", () => {
  for (const [url, base] of [
    ["/a"],
    ["x y"],
    ["http://"],
    ["http://h:99999/"],
    ["http://h:port/"],
    ["a", "b"],
    [""],
    ["https://a b/"],
  ]) {
    assert.throws(() => new URL(url, base), TypeError);
    assert.throws(() => new KitUrl(url, base), TypeError, url);
    assert.equal(KitUrl.canParse(url, base), false);
  }
  assert.equal(KitUrl.canParse("https://h"), true);
});

test("a URL beyond the kit's limits is an error, and not another URL", () => {
  for (const url of ["ftp://h/", "mailto:a@b", "https://müller.example/", "https://h%41/"]) {
    assert.throws(() => new KitUrl(url), TypeError, url);
  }
  const url = new KitUrl("https://h/");
  for (const part of ["protocol", "username", "password", "host", "hostname", "port"]) {
    assert.throws(() => (url[part] = "80"), TypeError, part);
  }
});

test("a URL is changed as in Node", () => {
  const changed = (url) => {
    url.searchParams.set("page", 2);
    url.searchParams.append("q", "a b");
    const first = url.href;
    url.search = "?x=1 2#3";
    url.hash = "f g";
    url.pathname = "/p q?/é";
    const second = [url.href, url.searchParams.get("x"), JSON.stringify({ url })];
    const held = url.searchParams;
    held.delete("x");
    const third = url.href;
    url.search = "";
    held.set("y", "4");
    const fourth = url.href;
    url.href = "https://other/?z=1";
    return [first, second, third, fourth, String(url), held.get("z")];
  };
  assert.deepEqual(changed(new KitUrl("https://h/a?page=1#f")), changed(new URL("https://h/a?page=1#f")));
});
