import { randomBytes } from 'node:crypto';
import type { OperationSpan, OperationView } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { LayerProgress } from '../events/lifecycle-events.ts';
import { asJockerError } from './as-jocker-error.ts';
import type { Logger } from './operation-context.ts';
import type { Operation, Stage } from './operation.ts';

interface Span {
  readonly name: string;
  readonly plugin: string | null;
  readonly parent: number | null;
  readonly startedAtMs: number;
  durationMs: number | null;
  failed: boolean;
}

/** The life of one operation. Views are made when somebody asks; running costs two numbers per stage. */
export class RunningOperation implements Operation {
  readonly id: string = randomBytes(8).toString('hex');
  readonly verb: string;
  readonly subject: string;
  readonly client: string | null;
  readonly log: Logger;
  readonly #abort = new AbortController();
  readonly #spans: Span[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #startedAtMs = now();
  #durationMs: number | null = null;
  #state: OperationView['state'] = 'running';
  #error: JockerError | undefined;
  #containerId: string | null = null;
  #progress: readonly LayerProgress[] = [];

  constructor(verb: string, subject: string, client: string | null, log: Logger) {
    this.verb = verb;
    this.subject = subject;
    this.client = client;
    this.log = log;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get containerId(): string | null {
    return this.#containerId;
  }

  get ended(): boolean {
    return this.#state !== 'running';
  }

  get durationMs(): number {
    return this.#durationMs ?? now() - this.#startedAtMs;
  }

  /** The stage that failed first: the innermost one. */
  get failedStage(): { readonly name: string; readonly plugin: string | null } | undefined {
    return this.#spans.findLast((span) => span.failed);
  }

  stage<T>(name: string, plugin: string | null, work: (stage: Stage) => Promise<T>): Promise<T> {
    return this.#stage(null, name, plugin, work);
  }

  concerns(containerId: string): void {
    this.#containerId = containerId;
  }

  report(progress: readonly LayerProgress[]): void {
    this.#progress = progress;
    this.#changed();
  }

  cancel(): void {
    this.#abort.abort(new JockerError('cancelled', `${this.verb} of ${this.subject} was cancelled`));
  }

  /** What the caller is to get: a cancelled operation fails with `cancelled`, whatever a driver made of the signal. */
  end(error?: unknown): JockerError | undefined {
    this.#durationMs = now() - this.#startedAtMs;
    if (error === undefined) this.#state = 'succeeded';
    else {
      this.#error = this.signal.aborted ? (this.signal.reason as JockerError) : asJockerError(error);
      this.#state = this.#error.code === 'cancelled' ? 'cancelled' : 'failed';
    }
    this.#progress = [];
    this.#changed();
    return this.#error;
  }

  /** Calls `watcher` at each change, until it is disposed of. */
  watch(watcher: () => void): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  view(): OperationView {
    return {
      id: this.id,
      operation: this.verb,
      subject: this.subject,
      client: this.client,
      state: this.#state,
      startedAt: iso(this.#startedAtMs),
      finishedAt: this.#durationMs === null ? null : iso(this.#startedAtMs + this.#durationMs),
      spans: this.#spans.map(toView),
      error: this.#error === undefined ? null : { code: this.#error.code, message: this.#error.message, details: this.#error.details },
      progress: this.#progress,
      containerId: this.#containerId,
    };
  }

  async #stage<T>(parent: number | null, name: string, plugin: string | null, work: (stage: Stage) => Promise<T>): Promise<T> {
    const span: Span = { name, plugin, parent, startedAtMs: now(), durationMs: null, failed: false };
    const index = this.#spans.push(span) - 1;
    this.#changed();
    try {
      return await work({
        signal: this.signal,
        log: this.log,
        stage: (inner, by, more) => this.#stage(index, inner, by, more),
      });
    } catch (error) {
      span.failed = true;
      throw error;
    } finally {
      span.durationMs = now() - span.startedAtMs;
      this.#changed();
    }
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

const now = (): number => performance.timeOrigin + performance.now();
const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

const toView = (span: Span): OperationSpan => ({
  name: span.name,
  plugin: span.plugin,
  parent: span.parent,
  startedAt: iso(span.startedAtMs),
  durationMs: span.durationMs,
  failed: span.failed,
});
