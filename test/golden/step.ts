/** One request of the conversation that is held with dockerd and with jocker. */
export interface Step {
  /** Unique; differences name it. */
  readonly name: string;
  /**
   * `METHOD /path?query`, without a version; `{exec}` is what a step before saved under that name,
   * `{now}` the second that begins next.
   */
  readonly request: string;
  /** `null`: the path as it is. */
  readonly version?: string | null;
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the answer's body is; JSON when absent. */
  readonly answer?: 'json' | 'lines' | 'output' | 'tar' | 'text';
  /** With an `Upgrade` header or without one; what is written, and then the end of the client's side. */
  readonly hijack?: { readonly upgrade: boolean; readonly input?: string };
  readonly save?: Readonly<Record<string, string>>;
  /** Fields whose value counts, not only its type; with everything below them. */
  readonly values?: readonly string[];
  /** Repeated until this field has this value. */
  readonly until?: readonly [field: string, value: unknown];
  /** Lines are told by this field, in order, each once in a row. */
  readonly keep?: string;
  /** Only sets the stage. */
  readonly silent?: boolean;
}

/** What is compared. Types by path of JSON, `=value` where the value counts. */
export interface Recorded {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

export type Recording = Readonly<Record<string, Recorded>>;
