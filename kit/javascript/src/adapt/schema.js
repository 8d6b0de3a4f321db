// Converts a function's response to the contract's schema. Members that the contract doesn't have are logged.

import { ConnectorError, describe } from "../errors.js";
import { log } from "../log.js";
import { contractTables } from "../schema.js";
import { valueOf } from "./page.js";
import { quoted, refusal } from "./problems.js";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * The schema in a response. If there is none, returns `undefined` or, with a `target`, throws an error that says why.
 */
export function schemaOf({ text, status, parts, place, ...rest }, target) {
  const fail = (error) => {
    if (target !== undefined) throw error();
    return undefined;
  };
  const where = place === undefined ? "" : `${place}: `;
  const said = text ?? JSON.stringify(parts);
  if (status >= 400) return fail(() => refusal({ text: said, status, place, ...rest }, target));
  let value;
  try {
    value = valueOf(said);
  } catch (cause) {
    return fail(() => new ConnectorError(`${where}the response to GET /schema is not valid JSON: ${quoted(said)}`, { cause }));
  }
  if (isObject(value) && isObject(value.schema)) return value.schema;
  return fail(
    () => new ConnectorError(`${where}the response to GET /schema has no schema with a member for each table: ${quoted(said)}`),
  );
}

/** The contract's tables. */
export function tablesOf(schema) {
  const dropped = [];
  const tables = Object.entries(schema).map(([name, table]) => tableOf(name, table, dropped));
  if (dropped.length > 0) {
    const more = dropped.length > 5 ? ` and ${dropped.length - 5} more` : "";
    log(
      "warn",
      `members of the schema that Weld does not know are ignored: ${dropped.slice(0, 5).join(", ")}${more}`,
    );
  }
  return contractTables(tables);
}

const TABLE = new Set(["primary_key", "fields"]);
const FIELD = new Set(["name", "type", "default"]);

function tableOf(name, table, dropped) {
  if (!isObject(table)) {
    throw new ConnectorError(`the schema has ${describe(table)} as table ${JSON.stringify(name)}, not an object`);
  }
  drop(table, TABLE, name, dropped);
  const fields = table.fields ?? [];
  return {
    name,
    primaryKey: table.primary_key ?? [],
    fields: Array.isArray(fields)
      ? fields.flatMap((field, at) => fieldOf(field, `${name}.fields[${at}]`, dropped))
      : fields,
  };
}

function fieldOf(field, place, dropped) {
  if (!isObject(field) || typeof field.name !== "string" || field.type === undefined) {
    dropped.push(place);
    return [];
  }
  drop(field, FIELD, place, dropped);
  const { name, type } = field;
  return "default" in field ? [{ name, type, default: field.default }] : [{ name, type }];
}

function drop(object, known, place, dropped) {
  for (const key of Object.keys(object)) if (!known.has(key)) dropped.push(`${place}.${key}`);
}
