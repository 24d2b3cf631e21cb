import { JockerError } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';

export const port: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container>')
      .argument('[port]', 'of the container: 80, 80/udp')
      .action(
        run(async (context, name: string, wanted: string | undefined) => {
          const { endpoints } = await context.client.containers.inspect(name);
          const ports = endpoints.flatMap((endpoint) => endpoint.ports);
          const key = wanted === undefined || wanted.includes('/') ? wanted : `${wanted}/tcp`;
          const found = ports.filter(({ containerPort, protocol }) => key === undefined || key === `${containerPort}/${protocol}`);
          if (found.length === 0 && key !== undefined) throw new JockerError('not-found', `no public port ${key} published for ${name}`);
          for (const { containerPort, protocol, hostAddress, hostPort } of found) {
            const published = `${hostAddress}:${hostPort}`;
            context.print(key === undefined ? `${containerPort}/${protocol} -> ${published}` : published);
          }
        }),
      ),
};
