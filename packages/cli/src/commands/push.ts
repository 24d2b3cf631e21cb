import type { PushProgress } from '@jocker/protocol';
import type { CliCommand } from '../command.ts';
import { shortId } from '../format/human.ts';
import { interruptSignal } from '../terminal/interrupt-signal.ts';

const words: Readonly<Record<PushProgress['state'], string>> = {
  waiting: 'Waiting',
  uploading: 'Pushing',
  exists: 'Layer already exists',
  mounted: 'Mounted',
  done: 'Pushed',
};

export const push: CliCommand = {
  define: (command, run) =>
    command.argument('<reference>').action(
      run(async (context, reference: string) => {
        using interrupted = interruptSignal();
        const states = new Map<string, string>();
        const { manifest, sizeBytes } = await context.client.images.push(reference, {
          signal: interrupted.signal,
          onProgress: (layers) => {
            for (const { digest, state, mountedFrom } of layers) {
              if (states.get(digest) === state) continue;
              states.set(digest, state);
              context.print(`${shortId(digest)}: ${words[state]}${mountedFrom === undefined ? '' : ` from ${mountedFrom}`}`);
            }
          },
        });
        context.print(`${reference}: digest: ${manifest} size: ${sizeBytes}`);
      }),
    ),
};
