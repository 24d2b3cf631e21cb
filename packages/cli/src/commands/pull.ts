import type { CliCommand } from '../command.ts';
import { interruptSignal } from '../terminal/interrupt-signal.ts';
import { showPullProgress } from '../terminal/pull-progress.ts';
import { absoluteReference } from '../values/absolute-reference.ts';

interface PullFlags {
  readonly platform?: string;
  readonly quiet?: boolean;
}

export const pull: CliCommand = {
  define: (command, run) =>
    command
      .argument('<reference>', 'alpine, host:busybox, oci:DIR, rootfs:FILE …')
      .option('--platform <os/arch>', 'which image of an index')
      .option('-q, --quiet', 'no progress')
      .action(
        run(async (context, reference: string, { platform, quiet }: PullFlags) => {
          using interrupted = interruptSignal();
          using progress = await showPullProgress(process.stderr);
          const result = await context.client.images.pull(absoluteReference(reference), {
            ...(platform === undefined ? {} : { platform }),
            ...(quiet === true ? {} : { onProgress: (layers) => progress.update(layers) }),
            signal: interrupted.signal,
          });
          progress[Symbol.dispose]();
          if (quiet !== true) {
            context.print(`Digest: ${result.manifest}`);
            context.print(`Status: ${result.changed ? 'Downloaded newer image' : 'Image is up to date'} for ${result.reference}`);
          }
          context.print(result.reference);
        }),
      ),
};
