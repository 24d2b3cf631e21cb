import { JockerError } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import type { ContainerPath } from '../copy/container-path.ts';

interface CpFlags {
  readonly archive?: boolean;
}

export const cp: CliCommand = {
  define: (command, run) =>
    command
      .argument('<source>', 'CONTAINER:PATH, PATH, or - for a tar from stdin')
      .argument('<destination>', 'PATH, CONTAINER:PATH, or - for a tar to stdout')
      .option('-a, --archive', 'keep owners')
      .action(
        run(async (context, source: string, destination: string, { archive = false }: CpFlags) => {
          const from = containerPath(source);
          const to = containerPath(destination);
          if (from !== undefined && to === undefined) {
            const { copyFromContainer } = await import('../copy/copy-from-container.ts');
            return copyFromContainer(context.client, from, destination);
          }
          if (from === undefined && to !== undefined) {
            const { copyToContainer } = await import('../copy/copy-to-container.ts');
            return copyToContainer(context.client, source, to, { copyOwner: archive });
          }
          throw new JockerError('invalid-argument', 'one of the two paths, and only one, is of the form CONTAINER:PATH');
        }),
      ),
};

/** A path of this machine with a colon in it is written with a slash first: `./a:b`. */
function containerPath(text: string): ContainerPath | undefined {
  const [, container, path] = /^([a-zA-Z0-9][a-zA-Z0-9_.-]*):(.+)$/s.exec(text) ?? [];
  return container === undefined || path === undefined ? undefined : { container, path };
}
