import { isJockerError, protocolVersion } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { formatOption } from '../format/output-format.ts';
import { cliVersion } from '../version.ts';

export const version: CliCommand = {
  define: (command, run) =>
    formatOption(command).action(
      run(async (context, { format }: { readonly format?: string }) => {
        const client = { version: cliVersion, protocolVersion, node: process.versions.node };
        const engine = await context.client.system.handshake().catch((error: unknown) => {
          if (!isJockerError(error, 'unavailable')) throw error;
          context.warn(`jocker: ${error.message}`);
          return null;
        });
        if (format === 'json') context.print(JSON.stringify({ client, engine }));
        else {
          context.print(`Client: ${client.version} (protocol ${client.protocolVersion}, Node ${client.node})`);
          if (engine !== null) context.print(`Engine: ${engine.version} (protocol ${engine.protocolVersion}, id ${engine.engineId})`);
        }
        return engine === null ? 1 : 0;
      }),
    ),
};
