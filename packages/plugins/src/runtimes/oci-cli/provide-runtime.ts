import { join } from 'node:path';
import type { PluginContext } from '@jocker/core';
import { createOciCliBackend } from './oci-cli-backend.ts';
import type { RuntimeCommandLine } from './runtime-command-line.ts';

export interface RuntimePluginOptions {
  /** Absolute, or a name to look up. */
  readonly path?: string;
  readonly conmonPath?: string;
}

export function provideRuntime(context: PluginContext, commandLine: RuntimeCommandLine, options: RuntimePluginOptions): void {
  context.provide('runtimeBackend', () => {
    const backend = createOciCliBackend({
      commandLine,
      directory: join(context.directories.runRoot, commandLine.name),
      engineId: context.engineId,
      log: context.log,
      ...(options.path !== undefined && { runtimePath: options.path }),
      ...(options.conmonPath !== undefined && { conmonPath: options.conmonPath }),
    });
    context.onClose(async () => await backend[Symbol.asyncDispose]());
    return backend;
  });
}
