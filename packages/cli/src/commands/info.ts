import type { EngineInfo } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { binarySize } from '../format/human.ts';
import { formatOption } from '../format/output-format.ts';

export const info: CliCommand = {
  define: (command, run) =>
    formatOption(command).action(
      run(async (context, { format }: { readonly format?: string }) => {
        const found = await context.client.system.info();
        if (format === 'json') context.print(JSON.stringify(found));
        else for (const [name, value] of infoLines(found)) context.print(`${name}: ${value}`);
      }),
    ),
};

function infoLines(found: EngineInfo): readonly (readonly [string, string])[] {
  const { containers, host } = found;
  const drivers = (list: EngineInfo['runtimes']): string =>
    list
      .map(({ name, usable, detail, isDefault }) => `${name}${isDefault ? ' (default)' : ''}${usable ? '' : ` (not usable: ${detail})`}`)
      .join(', ');
  return [
    ['Containers', String(containers.total)],
    [' Running', String(containers.running)],
    [' Paused', String(containers.paused)],
    [' Stopped', String(containers.stopped)],
    ['Images', String(found.images)],
    ['Engine Version', found.version],
    ['Engine ID', found.engineId],
    ['Data Root', found.dataRoot],
    ['Run Root', found.runRoot],
    ['Runtimes', drivers(found.runtimes)],
    ['Snapshotters', drivers(found.snapshotters)],
    ['Plugins', found.plugins.map(({ name, state }) => (state === 'loaded' ? name : `${name} (${state})`)).join(', ')],
    ['Cgroups', host.cgroup.version],
    ['Kernel Version', host.kernelRelease],
    ['Operating System', host.osRelease],
    ['Architecture', host.architecture],
    ['CPUs', String(host.cpuCount)],
    ['Total Memory', binarySize(host.memoryBytes)],
    ['Name', host.hostname],
    ...(found.insecureRegistries.length > 0 ? ([['Insecure Registries', found.insecureRegistries.join(', ')]] as const) : []),
    ...(found.mirrors.length > 0 ? ([['Registry Mirrors', found.mirrors.join(', ')]] as const) : []),
    ...found.warnings.map((warning) => ['Warning', warning] as const),
  ];
}
