import type { CliCommand } from '../command.ts';
import { formatOption } from '../format/output-format.ts';
import { printPlugins, printPluginUsage } from '../format/plugin-tables.ts';

export const plugins: CliCommand = {
  define(command, run) {
    formatOption(command).action(
      run(async (context, { format }: { readonly format?: string }) => printPlugins(context, await context.client.plugins.list(), format)),
    );
    formatOption(command.command('top').description('What the calls of each plugin cost')).action(
      run(async (context, { format }: { readonly format?: string }) =>
        printPluginUsage(context, await context.client.plugins.usage(), format),
      ),
    );
  },
};
