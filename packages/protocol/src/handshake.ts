import type { PluginView } from './views.ts';

/** Grows when an older client can no longer speak to the engine; what is new otherwise is a capability. */
export const protocolVersion = 1;

export const nativePrefix = '/jocker/v1';

/** What this engine can do beyond version 1 of the protocol. */
export const capabilities = ['events', 'exec-sessions', 'logs-by-cursor', 'operations', 'spec-steps', 'stats', 'files'] as const;

export interface Handshake {
  /** Of the engine's program. */
  readonly version: string;
  readonly protocolVersion: number;
  /** Twelve hex digits, stable per data root. */
  readonly engineId: string;
  readonly plugins: readonly PluginView[];
  readonly capabilities: readonly string[];
}
