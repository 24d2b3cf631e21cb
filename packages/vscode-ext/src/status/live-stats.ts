import type { ContainerStats } from '@jocker/protocol';
import type { Connections } from '../connection/connections.ts';
import type { EngineConnection } from '../connection/engine-connection.ts';
import { formatBytes } from '../images/images-tree.ts';

const intervalMs = 2000;

/** CPU and memory of running containers, subscribed only while someone looks. */
export class LiveStats implements Disposable {
  readonly #connections: Connections;
  readonly #onSample: (connection: EngineConnection, containerId: string) => void;
  readonly #streams = new Map<string, AbortController>();
  readonly #newest = new Map<string, ContainerStats>();
  readonly #subscription: Disposable;
  #shown = false;

  constructor(connections: Connections, onSample: (connection: EngineConnection, containerId: string) => void) {
    this.#connections = connections;
    this.#onSample = onSample;
    this.#subscription = connections.onModelChange(() => this.#reconcile());
  }

  /** True while a view that shows the figures is visible. */
  show(shown: boolean): void {
    this.#shown = shown;
    this.#reconcile();
  }

  text(containerId: string): string | undefined {
    const stats = this.#newest.get(containerId);
    if (stats === undefined) return undefined;
    const cpu = stats.cpu.percent === null ? '–' : `${stats.cpu.percent.toFixed(1)} %`;
    return `${cpu} · ${formatBytes(Math.max(0, stats.memory.usageBytes - stats.memory.inactiveFileBytes))}`;
  }

  [Symbol.dispose](): void {
    this.#shown = false;
    this.#reconcile();
    this.#subscription[Symbol.dispose]();
  }

  #reconcile(): void {
    const wanted = new Map<string, EngineConnection>();
    if (this.#shown) {
      for (const connection of this.#connections.all)
        for (const { id, status } of connection.model.state.containers.values()) if (status === 'running') wanted.set(id, connection);
    }
    for (const [id, controller] of this.#streams) {
      if (wanted.has(id)) continue;
      controller.abort();
      this.#streams.delete(id);
      this.#newest.delete(id);
    }
    for (const [id, connection] of wanted) if (!this.#streams.has(id)) void this.#follow(connection, id);
  }

  async #follow(connection: EngineConnection, id: string): Promise<void> {
    const controller = new AbortController();
    this.#streams.set(id, controller);
    try {
      for await (const stats of connection.client.containers.followStats(id, { signal: controller.signal, intervalMs })) {
        this.#newest.set(id, stats);
        this.#onSample(connection, id);
      }
    } catch {
      // It ended, or the engine went away: the model tells both, and the next change begins anew.
    } finally {
      if (this.#streams.get(id) === controller) this.#streams.delete(id);
    }
  }
}
