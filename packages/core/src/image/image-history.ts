import type { ImageHistoryView } from '../engine/engine.ts';
import type { ImageRecord } from './image-record.ts';

/** Newest first, as docker shows it. Entries that made no layer have no size. */
export function imageHistory(record: ImageRecord, references: readonly string[]): readonly ImageHistoryView[] {
  const entries = record.config.history.length > 0 ? record.config.history : record.layers.map(() => ({}));
  let layer = 0;
  const views = entries.map((entry): ImageHistoryView => {
    const sizeBytes = 'emptyLayer' in entry && entry.emptyLayer === true ? 0 : (record.layerSizesBytes[layer++] ?? 0);
    return { ...entry, imageId: null, sizeBytes, references: [] };
  });
  const newest = views.at(-1);
  return [...(newest === undefined ? [] : [{ ...newest, imageId: record.id, references }]), ...views.slice(0, -1).toReversed()];
}
