import type { LayerProgress } from '../events/lifecycle-events.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

const reportEveryMs = 100;

export interface PullProgress extends Disposable {
  set(digest: Digest, change: Partial<Omit<LayerProgress, 'digest'>>): void;
}

/** All layers of one pull as a list, reported at once when a state changes and at most ten times a second otherwise. */
export function createPullProgress(layers: readonly Descriptor[], report: (layers: readonly LayerProgress[]) => void): PullProgress {
  const states = new Map<Digest, LayerProgress>(
    layers.map(({ digest, size }) => [digest, { digest, state: 'waiting', bytesDone: 0, bytesTotal: size }]),
  );
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    report([...states.values()]);
  };
  tell();
  return {
    set(digest, change) {
      const before = states.get(digest);
      if (before === undefined) return;
      states.set(digest, { ...before, ...change });
      if (change.state !== undefined && change.state !== before.state) tell();
      else timer ??= setTimeout(tell, reportEveryMs);
    },
    [Symbol.dispose]() {
      if (timer !== undefined) tell();
    },
  };
}
