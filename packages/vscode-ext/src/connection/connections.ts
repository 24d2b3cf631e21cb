import type { StateChange } from '../engine-model/engine-state.ts';
import { EngineConnection, type EngineConnectionOptions } from './engine-connection.ts';

export interface Endpoint {
  readonly name: string;
  readonly socketPath: string;
}

type ModelListener = (connection: EngineConnection, changes: readonly StateChange[] | 'everything') => void;

/** The engines that are shown: one for each endpoint in the settings. The first is the one that commands mean by default. */
export class Connections implements Disposable {
  readonly #createClient: EngineConnectionOptions['createClient'];
  readonly #modelListeners = new Set<ModelListener>();
  readonly #stateListeners = new Set<() => void>();
  #all: readonly EngineConnection[] = [];
  #wanted = false;

  constructor(createClient: EngineConnectionOptions['createClient']) {
    this.#createClient = createClient;
  }

  get all(): readonly EngineConnection[] {
    return this.#all;
  }

  get first(): EngineConnection | undefined {
    return this.#all[0];
  }

  bySocket(socketPath: string): EngineConnection | undefined {
    return this.#all.find((connection) => connection.socketPath === socketPath);
  }

  /** Keeps the connections of endpoints that stay, ends the others. */
  setEndpoints(endpoints: readonly Endpoint[]): void {
    const known = new Map(this.#all.map((connection) => [connection.socketPath, connection]));
    const kept = new Set<EngineConnection>();
    this.#all = endpoints.map((endpoint) => {
      const connection = known.get(endpoint.socketPath) ?? this.#open(endpoint);
      kept.add(connection);
      return connection;
    });
    for (const connection of known.values()) if (!kept.has(connection)) connection[Symbol.dispose]();
    if (this.#wanted) this.connect();
    this.#tellState();
  }

  /** Nothing is connected before a view or a command needs it. */
  connect(): void {
    this.#wanted = true;
    for (const connection of this.#all) connection.connect();
  }

  onModelChange(listener: ModelListener): Disposable {
    this.#modelListeners.add(listener);
    return { [Symbol.dispose]: () => this.#modelListeners.delete(listener) };
  }

  onStateChange(listener: () => void): Disposable {
    this.#stateListeners.add(listener);
    return { [Symbol.dispose]: () => this.#stateListeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    for (const connection of this.#all) connection[Symbol.dispose]();
    this.#modelListeners.clear();
    this.#stateListeners.clear();
  }

  #open({ name, socketPath }: Endpoint): EngineConnection {
    const connection = new EngineConnection({ name, socketPath, createClient: this.#createClient });
    connection.onStateChange(() => this.#tellState());
    connection.model.onChange((changes) => {
      for (const listener of this.#modelListeners) listener(connection, changes);
    });
    return connection;
  }

  #tellState(): void {
    for (const listener of this.#stateListeners) listener();
  }
}
