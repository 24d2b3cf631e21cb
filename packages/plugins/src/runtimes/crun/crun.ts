import { definePlugin, type Plugin } from '@jocker/core';
import { provideRuntime, type RuntimePluginOptions } from '../oci-cli/provide-runtime.ts';
import { commonArguments, type RuntimeCommandLine } from '../oci-cli/runtime-command-line.ts';

export const crunCommandLine: RuntimeCommandLine = {
  name: 'crun',
  program: 'crun',
  debianPackage: 'crun',
  refusesHybridCgroups: true,
  startsByFifo: true,
  takesCompiledSeccomp: true,
  execTerminal: 'console-socket',
  arguments: commonArguments,
};

export const crun: Plugin<RuntimePluginOptions | undefined> = definePlugin<RuntimePluginOptions | undefined>({
  name: 'runtime-crun',
  setup: (context, options) => provideRuntime(context, crunCommandLine, options ?? {}),
});
