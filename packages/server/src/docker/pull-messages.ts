import { familiarReference, type Digest, type LayerProgress, type PullResult, type PushProgress } from '@jocker/core';
import type { ProgressStream } from './progress-stream.ts';

const shortDigest = (digest: Digest): string => digest.slice(digest.indexOf(':') + 1).slice(0, 12);

const words: Readonly<Record<LayerProgress['state'], string>> = {
  waiting: 'Waiting',
  downloading: 'Downloading',
  verifying: 'Verifying Checksum',
  downloaded: 'Download complete',
  unpacking: 'Extracting',
  done: 'Pull complete',
  cached: 'Already exists',
};

/** Layers as Docker's clients draw them: each change of state once, and bytes while they come. */
export function pullReporter(stream: ProgressStream): (layers: readonly LayerProgress[]) => void {
  const told = new Map<Digest, string>();
  return (layers) => {
    for (const layer of layers) {
      const id = shortDigest(layer.digest);
      const moving = layer.state === 'downloading' || layer.state === 'unpacking';
      const key = moving ? `${layer.state} ${layer.bytesDone}` : layer.state;
      if (told.get(layer.digest) === key) continue;
      if (!told.has(layer.digest) && layer.state !== 'cached') stream.send({ status: 'Pulling fs layer', progressDetail: {}, id });
      told.set(layer.digest, key);
      const progressDetail = moving ? { current: layer.bytesDone, total: layer.bytesTotal } : {};
      (moving ? stream.sendNews : stream.send)({ status: words[layer.state], progressDetail, id });
    }
  };
}

export function pullEnd(stream: ProgressStream, result: PullResult): void {
  stream.send({ status: `Digest: ${result.manifest}` });
  const what = result.changed ? 'Downloaded newer image for' : 'Image is up to date for';
  stream.send({ status: `Status: ${what} ${familiarReference(result.reference)}` });
}

const pushWords: Readonly<Record<PushProgress['state'], string>> = {
  waiting: 'Preparing',
  uploading: 'Pushing',
  exists: 'Layer already exists',
  mounted: 'Mounted from',
  done: 'Pushed',
};

export function pushReporter(stream: ProgressStream): (layers: readonly PushProgress[]) => void {
  const told = new Map<Digest, string>();
  return (layers) => {
    for (const layer of layers) {
      const key = `${layer.state} ${layer.bytesDone}`;
      if (told.get(layer.digest) === key) continue;
      told.set(layer.digest, key);
      const status = layer.state === 'mounted' ? `${pushWords.mounted} ${layer.mountedFrom ?? ''}` : pushWords[layer.state];
      const moving = layer.state === 'uploading';
      const progressDetail = moving ? { current: layer.bytesDone, total: layer.bytesTotal } : {};
      (moving ? stream.sendNews : stream.send)({ status, progressDetail, id: shortDigest(layer.digest) });
    }
  };
}
