declare module 'weld:connector/host@0.1.0' {
  /**
   * Sends one request and reads the whole response. Any status is a response, a redirect too
   * unless the connector's configuration says otherwise.
   */
  export function httpFetch(request: HttpRequest): HttpResponse;
  /**
   * Waits without using a processor: for pauses inside a page. Between pages use `wait`.
   */
  export function sleep(duration: Milliseconds): void;
  /**
   * The variables of the connector's configuration. Languages with an environment find the same there.
   */
  export function environment(): Array<[string, string]>;
  /**
   * Writes a line to the host's log, under the connector's name.
   */
  export function log(level: LogLevel, message: string): void;
  export type Milliseconds = number;
  /**
   * A message's body: text where its bytes are UTF-8, bytes otherwise.
   */
  export type Body = BodyText | BodyBytes;
  export interface BodyText {
    tag: 'text',
    val: string,
  }
  export interface BodyBytes {
    tag: 'bytes',
    val: Uint8Array,
  }
  export interface HttpRequest {
    /**
     * Such as "GET".
     */
    method: string,
    /**
     * Absolute, http or https.
     */
    url: string,
    headers: Array<[string, string]>,
    body?: Body,
    /**
     * For the whole exchange; the connector's limits hold in any case.
     */
    timeout?: Milliseconds,
    /**
     * Whether the host may send it again after a failure. By default GET, HEAD, OPTIONS, PUT and DELETE may.
     */
    idempotent?: boolean,
    /**
     * The configured credential to add; by default the one whose URLs match.
     */
    credential?: string,
  }
  export interface HttpResponse {
    status: number,
    /**
     * Names in lower case, in the order received; values that are not UTF-8 are read as ISO 8859-1.
     */
    headers: Array<[string, string]>,
    /**
     * Decompressed.
     */
    body: Body,
    /**
     * Where the response came from: the request's URL, or the last one redirected to.
     */
    url: string,
  }
  export type HttpError = HttpErrorDenied | HttpErrorInvalid | HttpErrorCredentials | HttpErrorTimeout | HttpErrorTooLarge | HttpErrorOverLimit | HttpErrorUnavailable | HttpErrorFailed;
  /**
   * The connector's network policy forbids it.
   */
  export interface HttpErrorDenied {
    tag: 'denied',
    val: string,
  }
  /**
   * The request is malformed.
   */
  export interface HttpErrorInvalid {
    tag: 'invalid',
    val: string,
  }
  /**
   * The host could not get the credential that the request needs.
   */
  export interface HttpErrorCredentials {
    tag: 'credentials',
    val: string,
  }
  /**
   * The exchange, or the page itself, ran out of time.
   */
  export interface HttpErrorTimeout {
    tag: 'timeout',
  }
  /**
   * The response is larger than the connector's limit.
   */
  export interface HttpErrorTooLarge {
    tag: 'too-large',
  }
  /**
   * The page has used up its calls or bytes, or the host has no memory left for it.
   */
  export interface HttpErrorOverLimit {
    tag: 'over-limit',
    val: string,
  }
  /**
   * The API is out of service or its quota is spent, for at least this long where known.
   */
  export interface HttpErrorUnavailable {
    tag: 'unavailable',
    val: Milliseconds | undefined,
  }
  /**
   * Name resolution, connection, TLS or transfer failed.
   */
  export interface HttpErrorFailed {
    tag: 'failed',
    val: string,
  }
  /**
   * The page's time would be over first.
   */
  export interface OutOfTime {
    /**
     * What the page has left.
     */
    left: Milliseconds,
  }
  /**
   * # Variants
   * 
   * ## `"debug"`
   * 
   * ## `"info"`
   * 
   * ## `"warn"`
   * 
   * ## `"error"`
   */
  export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
}
