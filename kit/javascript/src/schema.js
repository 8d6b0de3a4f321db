// Converts the tables that an author describes to those of the contract.

import { ConnectorError, describe, wellFormed } from "./errors.js";
import { write } from "./json.js";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** The contract's tables. */
export function contractTables(tables) {
  if (!Array.isArray(tables)) {
    throw new ConnectorError(`schema returned ${describe(tables)}, not an array of tables`);
  }
  return tables.map((table, index) => {
    if (!isObject(table) || typeof table.name !== "string") {
      throw new ConnectorError(`table ${index + 1} of the schema is ${describe(table)}, not a table with a name`);
    }
    return contractTable(table);
  });
}

function contractTable({ name, primaryKey = [], fields = [] }) {
  const place = `table ${JSON.stringify(name)}`;
  const keys = typeof primaryKey === "string" ? [primaryKey] : primaryKey;
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== "string")) {
    throw new ConnectorError(`${place}: primaryKey is ${describe(primaryKey)}, not a name or an array of names`);
  }
  return {
    name: wellFormed(name),
    primaryKey: keys.map(wellFormed),
    fields: listed(fields, place).map((field) => contractField(field, place)),
  };
}

// Fields as a list, from an object such as `{ id: "int" }` or a list.
function listed(fields, place) {
  if (Array.isArray(fields)) return fields;
  if (!isObject(fields)) {
    throw new ConnectorError(`${place}: fields is ${describe(fields)}, not an object or an array`);
  }
  return Object.entries(fields).map(([name, field]) =>
    isObject(field) && "type" in field ? { ...field, name } : { name, type: field },
  );
}

function contractField(field, place) {
  if (!isObject(field) || typeof field.name !== "string") {
    throw new ConnectorError(`${place}: a field is ${describe(field)}, not a field with a name and a type`);
  }
  const where = `${place}, field ${JSON.stringify(field.name)}`;
  const { type } = field;
  if (typeof type !== "string" && !Array.isArray(type) && !isObject(type)) {
    throw new ConnectorError(`${where}: the type is ${describe(type)}, not a type such as "int" or ["null", "int"]`);
  }
  return {
    name: wellFormed(field.name),
    type:
      typeof type === "string"
        ? { tag: "named", val: wellFormed(type) }
        : { tag: "described", val: write(type, `${where}, type`) },
    default: field.default === undefined ? undefined : write(field.default, `${where}, default`),
  };
}
