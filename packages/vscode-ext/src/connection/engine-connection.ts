import type { JockerClient } from '@jocker/client';
import type { Handshake } from '@jocker/protocol';
import { EngineModel } from '../engine-model/engine-model.ts';

export type ConnectionState = 'connecting' | 'connected' | 'no-engine' | 'no-permission' | 'refused' | 'incompatible';

/** What the extension speaks; an engine with another major protocol version is `incompatible`. */
const protocolVersion = 1;
const retryMsMax = 5000;

export interface EngineConnectionOptions {
  readonly name: string;
  readonly socketPath: string;
  readonly createClient: (socketPath: string) => JockerClient;
}

/**
 * One engine: its client, its model, and whether it answers. It connects when it is asked to the first time and then keeps
 * trying until it is disposed; every reconnect resumes after the last event, or takes a snapshot where that is gone.
 */
export class EngineConnection implements Disposable {
  readonly name: string;
  readonly socketPath: string;
  readonly client: JockerClient;
  readonly model: EngineModel = new EngineModel();
  readonly #listeners = new Set<() => void>();
  readonly #closed = new AbortController();
  #state: ConnectionState = 'connecting';
  #problem = '';
  #handshake: Handshake | undefined;
  #retryNow: (() => void) | undefined;
  #begun = false;

  constructor(options: EngineConnectionOptions) {
    this.name = options.name;
    this.socketPath = options.socketPath;
    this.client = options.createClient(options.socketPath);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** One sentence, when the state is not `connected`. */
  get problem(): string {
    return this.#problem;
  }

  get handshake(): Handshake | undefined {
    return this.#handshake;
  }

  onStateChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Idempotent; a connection that waits for its next try tries at once. */
  connect(): void {
    this.#retryNow?.();
    if (this.#begun) return;
    this.#begun = true;
    void this.#run();
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#retryNow?.();
    this.#listeners.clear();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    for (let retryMs = 200; !signal.aborted; retryMs = Math.min(retryMs * 2, retryMsMax)) {
      try {
        const handshake = await this.client.system.handshake({ signal });
        if (handshake.protocolVersion !== protocolVersion) {
          this.#tell('incompatible', `the engine speaks protocol ${handshake.protocolVersion}, this extension ${protocolVersion}`);
        } else {
          if (this.#handshake?.engineId !== handshake.engineId) this.model.clear();
          this.#handshake = handshake;
          retryMs = 200;
          await this.#follow(signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#tell(...stateOf(error, this.socketPath));
      }
      await this.#pause(retryMs, signal);
    }
  }

  /** Returns when the stream ended; the caller connects again. */
  async #follow(signal: AbortSignal): Promise<void> {
    if (this.model.seq === 0 || this.model.state.engineId === '') this.model.reset(await this.client.system.snapshot({ signal }));
    this.#tell('connected', '');
    const stream = this.client.events.follow({ since: this.model.seq, includeProgress: true, signal });
    try {
      for await (const envelope of stream) {
        this.model.offer(envelope);
        // The stream is in order: an early event means that one was lost, and asking again from seq brings it.
        if (this.model.missing) return;
      }
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'failed-precondition') throw error;
      this.model.clear();
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#retryNow = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#retryNow = undefined;
  }

  #tell(state: ConnectionState, problem: string): void {
    if (this.#state === state && this.#problem === problem) return;
    this.#state = state;
    this.#problem = problem;
    for (const listener of this.#listeners) listener();
  }
}

function stateOf(error: unknown, socketPath: string): [ConnectionState, string] {
  switch (systemCodeOf(error)) {
    case 'ENOENT':
      return ['no-engine', `there is no socket at ${socketPath}`];
    case 'ECONNREFUSED':
      return ['no-engine', `nothing answers on ${socketPath}`];
    case 'EACCES':
    case 'EPERM':
      return ['no-permission', `${socketPath} may not be opened by this user`];
    default:
      return ['refused', error instanceof Error ? error.message : String(error)];
  }
}

/** The code of the system error at the bottom of the chain of causes. */
function systemCodeOf(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code, syscall } = at as NodeJS.ErrnoException;
    if (syscall !== undefined && code !== undefined) return code;
  }
  return undefined;
}
