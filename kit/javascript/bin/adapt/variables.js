// The variables that a source reads, and which of them the function needs.

import { isOptional } from "./need.js";
import { readsIn } from "./reads.js";

// Variables that platforms set. A function works without them.
const PLATFORM =
  /^(?:NODE_ENV|PORT|HOME|HOSTNAME|PATH|PWD|TZ|USER|CI|npm_\w+|DEBUG|LOG_LEVEL|K_\w+|FUNCTION_\w+|GCP_PROJECT|GCLOUD_PROJECT|GOOGLE_CLOUD_PROJECT|AWS_(?:REGION|LAMBDA_\w+|EXECUTION_ENV))$/;

/** All variables, in the order of the source, and the places whose variable name is not a literal. */
export function variablesOf(source) {
  const byName = new Map();
  const notLiteral = [];
  const isSet = new Set();
  for (const module of source.modules) {
    for (const { name, line, uses, words, set } of readsIn(source).get(module)) {
      const place = `${module.shown}:${line}`;
      if (name === undefined) notLiteral.push(`${place}: ${words}`);
      else if (set) isSet.add(name);
      else if (byName.has(name)) byName.get(name).uses.push(...uses);
      else byName.set(name, { name, place, uses: [...uses] });
    }
  }
  const named = [...byName.values()].map(({ name, place, uses }) => {
    return { name, place, has_default: PLATFORM.test(name) || isSet.has(name) || isOptional(uses) };
  });
  return { named, notLiteral };
}
