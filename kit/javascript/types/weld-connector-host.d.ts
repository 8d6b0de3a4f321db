declare module 'weld:connector/host@0.1.0' {
  /**
   * Sends one request and reads the whole response. Any status is a response, including a redirect,
   * unless the connector's configuration lets the host follow redirects.
   */
  export function httpFetch(request: HttpRequest): HttpResponse;
  /**
   * Pauses within a page without using a processor. To pause between pages, use the page's `wait`.
   */
  export function sleep(duration: Milliseconds): void;
  /**
   * The variables of the connector's configuration. Languages with environment variables offer the same ones there.
   */
  export function environment(): Array<[string, string]>;
  /**
   * Writes a line to the host's log, under the connector's name.
   */
  export function log(level: LogLevel, message: string): void;
  export type Milliseconds = number;
  /**
   * The body of a request or a response: text if its bytes are valid UTF-8, otherwise bytes.
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
     * The limit for the whole exchange. The connector's own limits apply in any case.
     */
    timeout?: Milliseconds,
    /**
     * Whether the host may send the request again after a failure. Default: true for GET, HEAD, OPTIONS, PUT and DELETE.
     */
    idempotent?: boolean,
    /**
     * The name of the configured credential to add. Default: the credential whose URLs match `url`.
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
     * The URL that sent the response: the request's, or the last one of its redirects.
     */
    url: string,
  }
  export type HttpError = HttpErrorDenied | HttpErrorInvalid | HttpErrorCredentials | HttpErrorTimeout | HttpErrorTooLarge | HttpErrorOverLimit | HttpErrorUnavailable | HttpErrorFailed;
  /**
   * The connector's network policy forbids the request.
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
   * The page has used up its limit of calls or bytes, or the host has no memory left for it.
   */
  export interface HttpErrorOverLimit {
    tag: 'over-limit',
    val: string,
  }
  /**
   * The API is out of service or its quota is used up. The value is for how long at least, if known.
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
   * The page's time would run out before the pause ends.
   */
  export interface OutOfTime {
    /**
     * How much time the page has left.
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
