import type { LayerProgress } from '@jocker/protocol';

/** A pull in one short text: `3 of 5 layers · 42 %`. */
export function pullSummary(layers: readonly LayerProgress[]): string {
  if (layers.length === 0) return '';
  const isDone = (layer: LayerProgress): boolean => layer.state === 'done' || layer.state === 'cached';
  const total = layers.reduce((sum, layer) => sum + layer.bytesTotal, 0);
  const done = layers.reduce(
    (sum, layer) =>
      sum + (isDone(layer) || layer.state === 'unpacking' || layer.state === 'downloaded' ? layer.bytesTotal : layer.bytesDone),
    0,
  );
  return `${layers.filter(isDone).length} of ${layers.length} layers · ${total === 0 ? 0 : Math.floor((done / total) * 100)} %`;
}
