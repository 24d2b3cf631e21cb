import { definePlugin, type Plugin } from '@jocker/core';
import { provideRuntime, type RuntimePluginOptions } from '../oci-cli/provide-runtime.ts';
import { commonArguments, type RuntimeCommandLine } from '../oci-cli/runtime-command-line.ts';

/**
 * In the foreground runc copies an exec's output, so that the exec lasts until the last process that holds the output has
 * gone, also one in the background.
 */
export const runcCommandLine: RuntimeCommandLine = {
  name: 'runc',
  program: 'runc',
  debianPackage: 'runc',
  refusesHybridCgroups: false,
  startsByFifo: false,
  takesCompiledSeccomp: false,
  // It gives a console socket only to processes that it leaves alone, and then nobody learns the exit code.
  execTerminal: 'stdin',
  arguments: commonArguments,
};

export const runc: Plugin<RuntimePluginOptions | undefined> = definePlugin<RuntimePluginOptions | undefined>({
  name: 'runtime-runc',
  setup: (context, options) => provideRuntime(context, runcCommandLine, options ?? {}),
});
