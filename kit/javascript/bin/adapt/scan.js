// Collects everything that `weld-host adapt` needs to know from a function's source.

import { entryOf, refusedApps } from "./entry.js";
import { notesOn } from "./differences.js";
import { formMistakes } from "./forms.js";
import { settingsHints } from "./hints.js";
import { hostsOf } from "./hosts.js";
import { NotServed } from "./not-served.js";
import { packagesOf, refusedImports } from "./packages.js";
import { readFunction } from "./source.js";
import { checkSyntax } from "./syntax.js";
import { keyChecks, keyNotes, keyVariables, whereOf } from "./keys.js";
import { variablesOf } from "./variables.js";

/** The findings. Throws `NotServed` if the source shows that the function can't be served. */
export function scan(folder, file, { entry, keyVariable } = {}) {
  const source = readFunction(folder, file);
  const refused = [...refusedImports(source), ...refusedApps(source), ...formMistakes(source)];
  if (refused.length > 0) throw new NotServed(refused.join("\n"));
  const { dependencies, notes } = packagesOf(source);
  checkSyntax(source);
  const found = entryOf(source, entry);
  const variables = variablesOf(source);
  const checks = keyChecks(source, variables, keyVariable);
  const own = keyVariables(checks);
  const hosts = hostsOf(source);
  return {
    entry: found.words,
    entry_line: found.line ?? null,
    key_variable: [...own][0] ?? null,
    key_place: checks.filter(({ variable }) => variable !== undefined).map(whereOf).join(" and ") || null,
    keys: checks.map(({ header, argument, prefix, variable, text }) => ({ header, argument, prefix, variable, text })),
    variables: variables.named.filter(({ name }) => !own.has(name)),
    hosts: hosts.origins,
    not_literal: [...variables.notLiteral, ...hosts.notLiteral, ...source.notLiteral],
    packages: Object.entries(dependencies).map(([name, version]) => `${name} ${version}`),
    dependencies,
    hints: settingsHints(source, own),
    notes: [...keyNotes(checks), ...notes, ...notesOn(source)],
  };
}
