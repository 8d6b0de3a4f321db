declare module 'weld:connector/source@0.1.0' {
  export function schema(): Array<Table>;
  /**
   * `state` is the JSON object of the table's last page, `{}` on its first.
   */
  export function fetchPage(table: string, state: Json): Page;
  /**
   * A JSON text.
   */
  export type Json = string;
  export type Milliseconds = number;
  /**
   * How Weld reads a column. Weld infers the columns that a table does not list.
   */
  export type FieldType = FieldTypeNamed | FieldTypeDescribed;
  /**
   * One of Weld's types: "string", "int", "long", "double", "boolean", "datetime", "array", "object".
   */
  export interface FieldTypeNamed {
    tag: 'named',
    val: string,
  }
  /**
   * Any other type as JSON, such as `["null", "string"]`.
   */
  export interface FieldTypeDescribed {
    tag: 'described',
    val: Json,
  }
  export interface Field {
    name: string,
    type: FieldType,
    /**
     * The value of rows that lack the field.
     */
    'default'?: Json,
  }
  export interface Table {
    name: string,
    /**
     * The columns that identify a row; empty only where the API gives rows no identity.
     */
    primaryKey: Array<string>,
    /**
     * May be empty.
     */
    fields: Array<Field>,
  }
  /**
   * One page of one table.
   */
  export interface Page {
    /**
     * A JSON array of objects, one per row; may be empty.
     */
    insert: Json,
    /**
     * A JSON object: what the next call needs to go on. Weld keeps it, also between syncs.
     * `null` forgets everything: the next sync begins anew.
     */
    state: Json,
    /**
     * Whether Weld should ask for another page.
     */
    hasMore: boolean,
    /**
     * How long to wait before the next page begins, as when the API's quota is nearly spent.
     * The host waits; unlike `sleep`, it holds no sandbox and survives a restart.
     */
    wait?: Milliseconds,
  }
  export type Error = ErrorUnknownTable | ErrorMisconfigured | ErrorInvalidState | ErrorUnauthorized | ErrorRateLimited | ErrorUpstream | ErrorOther;
  export interface ErrorUnknownTable {
    tag: 'unknown-table',
  }
  /**
   * A variable is missing or wrong: the operator must mend the connector's configuration.
   */
  export interface ErrorMisconfigured {
    tag: 'misconfigured',
    val: string,
  }
  /**
   * The state is not one that this connector wrote, or holds a cursor that the API no longer
   * accepts: the sync must begin anew.
   */
  export interface ErrorInvalidState {
    tag: 'invalid-state',
    val: string,
  }
  /**
   * The API refused the connector's credentials.
   */
  export interface ErrorUnauthorized {
    tag: 'unauthorized',
    val: string,
  }
  /**
   * The API refused for now, and asks to wait this long, where it said so.
   * The host waits and asks for the page again.
   */
  export interface ErrorRateLimited {
    tag: 'rate-limited',
    val: Milliseconds | undefined,
  }
  /**
   * The API failed or answered nonsense.
   */
  export interface ErrorUpstream {
    tag: 'upstream',
    val: string,
  }
  export interface ErrorOther {
    tag: 'other',
    val: string,
  }
}
