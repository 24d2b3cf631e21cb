import { open, readFile, readdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@jocker/core';

export interface LayerRecord {
  readonly chainId: Digest;
  /** Name of the layer's folder. */
  readonly layer: string;
  readonly parent: Digest | undefined;
  readonly sizeBytes: number;
}

/**
 * Which layers are whole: one small file each, written, synced and renamed into place after the layer's own data is
 * durable. A file that a crash left half written is no record.
 */
export async function readLayerRecords(directory: string): Promise<Map<Digest, LayerRecord>> {
  const records = new Map<Digest, LayerRecord>();
  for (const name of await readdir(directory)) {
    const record = name.startsWith('.') ? undefined : parseRecord(await readFile(join(directory, name), 'utf8'));
    if (record !== undefined && fileName(record.chainId) === name) records.set(record.chainId, record);
    else await rm(join(directory, name), { force: true });
  }
  dropOrphans(records);
  return records;
}

/** A layer without what it lies on is none, nor is what lies on such a layer. */
function dropOrphans(records: Map<Digest, LayerRecord>): void {
  const orphan = records.values().find(({ parent }) => parent !== undefined && !records.has(parent));
  if (orphan === undefined) return;
  records.delete(orphan.chainId);
  dropOrphans(records);
}

export async function writeLayerRecord(directory: string, record: LayerRecord): Promise<void> {
  const temporary = join(directory, `.${record.layer}`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(record));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, fileName(record.chainId)));
  await syncFolder(directory);
}

/** Durable before the layer's data goes, or a crash could leave a record of a layer half deleted. */
export async function removeLayerRecord(directory: string, chainId: Digest): Promise<void> {
  await unlink(join(directory, fileName(chainId)));
  await syncFolder(directory);
}

async function syncFolder(directory: string): Promise<void> {
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function fileName(chainId: Digest): string {
  return chainId.replace(':', '-');
}

function parseRecord(text: string): LayerRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { chainId, layer, parent, sizeBytes } = value as Record<string, unknown>;
  if (!isChainId(chainId) || typeof layer !== 'string' || !/^[0-9a-z]{1,10}$/.test(layer) || typeof sizeBytes !== 'number')
    return undefined;
  return { chainId, layer, parent: isChainId(parent) ? parent : undefined, sizeBytes };
}

function isChainId(value: unknown): value is Digest {
  return typeof value === 'string' && /^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(value);
}
