import type { DatabaseSync } from 'node:sqlite';
import { JockerError } from '../errors/jocker-error.ts';
import type { Digest } from '../oci/digest.ts';
import { isDigest } from '../oci/parse-digest.ts';
import { parseReference, repositoryOf } from '../reference/parse-reference.ts';
import type { Transactions } from '../state/transactions.ts';
import type { ImageRecord } from './image-record.ts';

/**
 * Which images there are and what they are called. Every change is written at once; wrap several in one transaction. All reads
 * are from memory.
 */
export interface ImageStore {
  list(): readonly ImageRecord[];
  get(id: Digest): ImageRecord | undefined;
  /** Tagged names of an image, sorted. */
  referencesOf(id: Digest): readonly string[];
  /** By reference, `name@digest`, id, or unambiguous prefix of an id. Throws `not-found` with reason `no-such-image`. */
  find(text: string): { readonly record: ImageRecord; readonly reference: string | undefined };
  /** By normalised reference only. */
  byReference(reference: string): ImageRecord | undefined;
  put(record: ImageRecord): void;
  /** The name is taken away from whoever had it; its id is returned. */
  tag(reference: string, id: Digest): Digest | undefined;
  untag(reference: string): void;
  remove(id: Digest): void;
  /** Called after each change, also one whose transaction is still to be committed or undone. */
  onChange(listener: () => void): void;
}

export function createImageStore(
  database: DatabaseSync,
  transactions: Pick<Transactions, 'afterRollback'>,
  schemes: () => Iterable<string>,
): ImageStore {
  const putRow = database.prepare('INSERT INTO images (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record');
  const removeRow = database.prepare('DELETE FROM images WHERE id = ?');
  const tagRow = database.prepare(
    'INSERT INTO image_references (reference, image_id) VALUES (?, ?) ON CONFLICT (reference) DO UPDATE SET image_id = excluded.image_id',
  );
  const untagRow = database.prepare('DELETE FROM image_references WHERE reference = ?');

  const images = new Map<Digest, ImageRecord>();
  const names = new Map<string, Digest>();
  for (const row of database.prepare('SELECT record FROM images').iterate()) {
    // Written by this class only.
    const record = JSON.parse(String(row['record'])) as ImageRecord;
    images.set(record.id, record);
  }
  for (const row of database.prepare('SELECT reference, image_id FROM image_references').iterate())
    names.set(String(row['reference']), String(row['image_id']) as Digest);

  const listeners: (() => void)[] = [];
  /** What a transaction reads it has written; when it is rolled back, so is this. */
  const change = <K extends string, V>(map: Map<K, V>, key: K, value: V | undefined): void => {
    const before = map.get(key);
    const put = (next: V | undefined): void => {
      if (next === undefined) map.delete(key);
      else map.set(key, next);
      for (const listener of listeners) listener();
    };
    transactions.afterRollback(() => put(before));
    put(value);
  };

  const byName = (text: string): { record: ImageRecord; reference: string } | undefined => {
    const id = names.get(text);
    const record = id === undefined ? undefined : images.get(id);
    return record === undefined ? undefined : { record, reference: text };
  };

  const byReferenceText = (text: string): { record: ImageRecord; reference: string | undefined } | undefined => {
    let reference;
    try {
      reference = parseReference(text, { schemes: schemes() });
    } catch {
      return undefined;
    }
    if (reference.kind === 'registry' && reference.digest !== undefined) {
      const wanted = `${repositoryOf(reference)}@${reference.digest}`;
      const record = [...images.values()].find(({ repoDigests }) => repoDigests.includes(wanted));
      return record === undefined ? undefined : { record, reference: undefined };
    }
    return byName(reference.text);
  };

  const byId = (text: string): ImageRecord | undefined => {
    if (isDigest(text)) return images.get(text);
    const hex = text.replace(/^sha256:/, '');
    if (!/^[0-9a-f]{1,64}$/.test(hex)) return undefined;
    const found = [...images.values()].filter(({ id }) => id.startsWith(`sha256:${hex}`));
    if (found.length > 1)
      throw new JockerError('invalid-argument', `the image id ${text} stands for ${found.length} images; give more of it`);
    return found[0];
  };

  return {
    list: () => [...images.values()],
    get: (id) => images.get(id),
    referencesOf: (id) => [...names].flatMap(([reference, owner]) => (owner === id ? [reference] : [])).toSorted(),
    byReference: (reference) => byName(reference)?.record,
    find(text) {
      const named = byReferenceText(text);
      if (named !== undefined) return named;
      const record = byId(text);
      if (record !== undefined) return { record, reference: undefined };
      throw new JockerError('not-found', `no such image: ${text}`, { details: { reason: 'no-such-image', reference: text } });
    },
    put(record) {
      putRow.run(record.id, JSON.stringify(record));
      change(images, record.id, record);
    },
    tag(reference, id) {
      const before = names.get(reference);
      tagRow.run(reference, id);
      change(names, reference, id);
      return before === id ? undefined : before;
    },
    untag(reference) {
      untagRow.run(reference);
      change(names, reference, undefined);
    },
    remove(id) {
      removeRow.run(id);
      change(images, id, undefined);
      for (const [reference, owner] of names) if (owner === id) change(names, reference, undefined);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
