// Checks whether Node can parse a module.

import { spawnSync } from "node:child_process";
import process from "node:process";

import { NotServed } from "./not-served.js";
import { isTypeScript } from "./source.js";

/** Throws `NotServed` with the line of a syntax error. */
export function checkSyntax({ modules }) {
  for (const { path, shown, text } of modules) {
    // The bundler parses TypeScript and reports its errors.
    if (isTypeScript(path)) continue;
    const said = check([path]);
    // If package.json has no type, newer versions of Node, and the build, detect a module's form from its content.
    if (
      said !== undefined &&
      (!/outside a module|Unexpected token 'export'|'import\.meta'/.test(said) ||
        check(["--input-type=module", "-"], text) !== undefined)
    ) {
      const line = /:(\d+)\n/.exec(said)?.[1] ?? "?";
      const message = /^(?:SyntaxError|Error): .*$/m.exec(said)?.[0] ?? said.trim().split("\n")[0];
      throw new NotServed(`${shown}:${line}: ${message}`);
    }
  }
}

function check(values, input) {
  const { status, stderr } = spawnSync(process.execPath, ["--check", ...values], { encoding: "utf8", input });
  return status === 0 ? undefined : stderr;
}
