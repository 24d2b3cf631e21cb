import type { CliCommand } from '../command.ts';
import type { ServeFlags } from '../daemon/daemon-settings.ts';
import { settingsOf } from '../daemon/settings-of.ts';
import { addServeOptions } from './serve-options.ts';

export const serve: CliCommand = {
  define: (command, run) =>
    addServeOptions(command).action(
      run(async (_context, flags: ServeFlags & { readonly debug?: boolean }) => {
        const settings = await settingsOf(flags);
        const { serveDaemon } = await import('../daemon/serve-daemon.ts');
        await serveDaemon(settings, flags.debug === true);
      }),
    ),
};
