import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { JockerError, type PluginDetails, type PluginInstallRequest } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { formatOption } from '../format/output-format.ts';
import { printPlugins, printPluginUsage } from '../format/plugin-tables.ts';
import { interruptSignal } from '../terminal/interrupt-signal.ts';

interface AddFlags {
  readonly options?: string;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly isolation?: 'none' | 'process';
  readonly allow: readonly NonNullable<PluginInstallRequest['allow']>[number][];
}
interface FormatFlags {
  readonly format?: string;
}

export const plugin: CliCommand = {
  define(command, run) {
    command
      .command('add')
      .description('Install a plugin into the running daemon: a package, a tarball or a folder')
      .argument('<package>')
      .option('--options <json>', 'its options')
      .option('--required', 'create no container without it')
      .option('--optional', 'go on without its answers')
      .addOption(new Option('--isolation <where>', 'in the daemon, or in a process of its own').choices(['none', 'process']))
      .addOption(
        new Option('--allow <permission>', 'let it widen this; may be repeated')
          .argParser((value: string, before: readonly string[]) => [...before, value])
          .default([], ''),
      )
      .action(
        run(async (context, use: string, flags: AddFlags) => {
          using interrupted = interruptSignal();
          const { name, version } = await context.client.plugins.install(await requestOf(use, flags), { signal: interrupted.signal });
          context.print(version === '' ? name : `${name} ${version}`);
        }),
      );
    formatOption(command.command('list').alias('ls').description('List plugins and what they provide')).action(
      run(async (context, { format }: FormatFlags) => printPlugins(context, await context.client.plugins.list(), format)),
    );
    command
      .command('remove')
      .alias('rm')
      .description('Remove plugins, after the operations that use them')
      .argument('<name...>')
      .action(
        run(async (context, names: readonly string[]) => {
          for (const name of names) {
            await context.client.plugins.remove(name);
            context.print(name);
          }
        }),
      );
    command
      .command('inspect')
      .description('Show everything about plugins')
      .argument('<name...>')
      .action(
        run(async (context, names: readonly string[]) => {
          const found: PluginDetails[] = [];
          for (const name of names) found.push(await context.client.plugins.inspect(name));
          context.print(JSON.stringify(found, null, 4));
        }),
      );
    formatOption(command.command('top').description('What the calls of each plugin cost')).action(
      run(async (context, { format }: FormatFlags) => printPluginUsage(context, await context.client.plugins.usage(), format)),
    );
  },
};

async function requestOf(use: string, flags: AddFlags): Promise<PluginInstallRequest> {
  const isThere = (await stat(use).catch(() => undefined)) !== undefined;
  return {
    use: isThere ? resolve(use) : use,
    allow: flags.allow,
    ...(flags.options === undefined ? {} : { options: parseOptions(flags.options) }),
    ...(flags.required === true ? { required: true } : flags.optional === true ? { required: false } : {}),
    ...(flags.isolation === undefined ? {} : { isolation: flags.isolation }),
  };
}

function parseOptions(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new JockerError('invalid-argument', `the options are not JSON: ${(error as Error).message}`, { cause: error });
  }
}
