/** Passed to every slow call. Nothing in jocker reads a global for these. */
export interface OperationContext {
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Whether a driver can work on this machine, and if not, one sentence that says why. */
export type Usability = { readonly usable: true; readonly detail?: string } | { readonly usable: false; readonly reason: string };
