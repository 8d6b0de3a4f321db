// All that a function's source says, as `weld-host adapt` reads it.

import { entryOf } from "./entry.js";
import { notesOn, settingsHints } from "./hints.js";
import { hostsOf } from "./hosts.js";
import { checkImports, packagesOf } from "./packages.js";
import { readFunction } from "./source.js";
import { checkSyntax } from "./syntax.js";
import { keyOf, variablesOf } from "./variables.js";

/** What was found. `NotServed` says in one line what can't be served, as far as the source shows it. */
export function scan(folder, file, { entry, keyVariable } = {}) {
  const source = readFunction(folder, file);
  checkImports(source);
  const { dependencies, notes } = packagesOf(source);
  checkSyntax(source);
  const found = entryOf(source, entry);
  const variables = variablesOf(source);
  const key = keyVariable ?? keyOf(source, variables);
  const hosts = hostsOf(source);
  return {
    entry: found,
    key_variable: key ?? null,
    variables: variables.named.filter(({ name }) => name !== key),
    hosts: hosts.origins,
    not_literal: [...variables.notLiteral, ...hosts.notLiteral, ...source.notLiteral],
    packages: Object.entries(dependencies).map(([name, version]) => `${name} ${version}`),
    dependencies,
    hints: settingsHints(source, key),
    notes: [...notes, ...notesOn(source)],
  };
}
