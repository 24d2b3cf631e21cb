import type { MultiBar, SingleBar } from 'cli-progress';
import type { LayerProgress } from '@jocker/protocol';
import { decimalSize, shortId } from '../format/human.ts';

export interface PullProgress extends Disposable {
  update(layers: readonly LayerProgress[]): void;
}

const words: Readonly<Record<LayerProgress['state'], string>> = {
  waiting: 'Waiting',
  downloading: 'Downloading',
  verifying: 'Verifying checksum',
  downloaded: 'Download complete',
  unpacking: 'Extracting',
  done: 'Pull complete',
  cached: 'Already exists',
};

/** One live bar per layer on a terminal, else a line at each change of a layer's state. */
export async function showPullProgress(stream: NodeJS.WriteStream): Promise<PullProgress> {
  return stream.isTTY ? liveBars(stream) : plainLines(stream);
}

function plainLines(stream: NodeJS.WriteStream): PullProgress {
  const states = new Map<string, LayerProgress['state']>();
  return {
    update(layers) {
      for (const { digest, state } of layers) {
        if (states.get(digest) === state) continue;
        states.set(digest, state);
        stream.write(`${shortId(digest)}: ${words[state]}\n`);
      }
    },
    [Symbol.dispose]: () => undefined,
  };
}

async function liveBars(stream: NodeJS.WriteStream): Promise<PullProgress> {
  const { default: progress } = await import('cli-progress');
  const bars = new Map<string, SingleBar>();
  let all: MultiBar | undefined;
  return {
    update(layers) {
      all ??= new progress.MultiBar(
        {
          stream,
          format: '{id}: {state} [{bar}] {sizes}',
          hideCursor: true,
          barsize: 40,
          barCompleteChar: '=',
          barIncompleteChar: ' ',
          linewrap: false,
        },
        progress.Presets.legacy,
      );
      for (const layer of layers) {
        const complete = layer.state === 'done' || layer.state === 'cached';
        const total = Math.max(layer.bytesTotal, 1);
        const bar = bars.get(layer.digest) ?? all.create(total, 0);
        bars.set(layer.digest, bar);
        bar.setTotal(total);
        bar.update(complete ? total : Math.min(layer.bytesDone, total), {
          id: shortId(layer.digest),
          state: words[layer.state].padEnd(18),
          sizes: complete ? decimalSize(layer.bytesTotal) : `${decimalSize(layer.bytesDone)}/${decimalSize(layer.bytesTotal)}`,
        });
      }
    },
    [Symbol.dispose]: () => all?.stop(),
  };
}
