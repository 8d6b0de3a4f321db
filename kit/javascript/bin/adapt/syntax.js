// Whether Node itself can read a module.

import { spawnSync } from "node:child_process";
import process from "node:process";

import { NotServed } from "./not-served.js";
import { isTypeScript } from "./source.js";

/** Refuses what is no JavaScript, with its line. */
export function checkSyntax({ modules }) {
  for (const { path, shown, text } of modules) {
    // The bundler reads it, and tells what it can't.
    if (isTypeScript(path)) continue;
    const said = check([path]);
    // Without a word in package.json newer Nodes, as the build does, tell a module by what stands in it.
    if (
      said !== undefined &&
      (!/outside a module|Unexpected token 'export'|'import\.meta'/.test(said) ||
        check(["--input-type=module", "-"], text) !== undefined)
    ) {
      const line = /:(\d+)\n/.exec(said)?.[1] ?? "?";
      const message = /^(?:SyntaxError|Error): .*$/m.exec(said)?.[0] ?? said.trim().split("\n")[0];
      throw new NotServed(`${shown}, line ${line}: ${message}`);
    }
  }
}

function check(values, input) {
  const { status, stderr } = spawnSync(process.execPath, ["--check", ...values], { encoding: "utf8", input });
  return status === 0 ? undefined : stderr;
}
