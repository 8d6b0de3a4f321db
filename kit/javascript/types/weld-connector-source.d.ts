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
   * How Weld reads a column. Weld infers the type of every column that a table does not list.
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
     * The columns that identify a row. Empty only if the API's rows have no identity.
     */
    primaryKey: Array<string>,
    /**
     * The columns whose type is given; may be empty.
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
     * A JSON object with what the next call needs to continue. Weld keeps it, also between syncs.
     * `null` discards everything: the next sync starts from the beginning.
     */
    state: Json,
    /**
     * Whether Weld should ask for another page.
     */
    hasMore: boolean,
    /**
     * How long to wait before the next page begins, for example because the API's quota is nearly used up.
     * The host waits; unlike `sleep`, it holds no sandbox and survives a restart.
     */
    wait?: Milliseconds,
  }
  export type Error = ErrorUnknownTable | ErrorMisconfigured | ErrorInvalidState | ErrorUnauthorized | ErrorRateLimited | ErrorUpstream | ErrorOther;
  export interface ErrorUnknownTable {
    tag: 'unknown-table',
  }
  /**
   * A variable is missing or wrong: the operator must fix the connector's configuration.
   */
  export interface ErrorMisconfigured {
    tag: 'misconfigured',
    val: string,
  }
  /**
   * The state was not written by this connector, or holds a cursor that the API no longer
   * accepts: the sync must start from the beginning.
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
   * The API refused for now. The value is how long it asks to wait, if it says so.
   * The host waits, then asks for the page again.
   */
  export interface ErrorRateLimited {
    tag: 'rate-limited',
    val: Milliseconds | undefined,
  }
  /**
   * The API failed or sent an invalid response.
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
