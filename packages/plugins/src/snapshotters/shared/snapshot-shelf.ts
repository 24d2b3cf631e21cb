import { chmod, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { JockerError, type Digest, type Logger } from '@jocker/core';
import { diskUsage } from './disk-usage.ts';
import { readLayerRecords, removeLayerRecord, writeLayerRecord, type LayerRecord } from './layer-records.ts';
import { Trash } from './trash.ts';

/** A key that someone prepared: `layer` names the folder of a layer in the making, undefined for a container's. */
interface ActiveKey {
  readonly parent: Digest | undefined;
  readonly layer: string | undefined;
}

/**
 * The folders that both snapshotters keep, and who builds on whom:
 *
 * - `l/ID` a layer's files; the id is short, because all of them must fit into one page of mount options,
 * - `chains/sha256-HEX` the record that makes it a committed layer,
 * - `a/KEY/` a prepared key; it counts once its link `parent` is there, which is made last,
 * - `trash/` what is being deleted.
 *
 * One process owns them; what it knows it keeps in memory. `open` sweeps what a crash left between two steps.
 */
export class SnapshotShelf implements AsyncDisposable {
  readonly directory: string;
  readonly #trash: Trash;
  readonly #keys = new Map<string, ActiveKey>();
  readonly #making = new Map<string, Promise<void>>();
  #layers = new Map<Digest, LayerRecord>();
  #nextId = 1;
  #opening: Promise<void> | undefined;

  constructor(directory: string, log: Logger) {
    this.directory = directory;
    this.#trash = new Trash(join(directory, 'trash'), log);
  }

  /** Once per process; everything else needs it first. */
  async open(): Promise<void> {
    await (this.#opening ??= this.#open());
  }

  async #open(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o711 });
    for (const name of ['l', 'a', 'chains']) await mkdir(join(this.directory, name), { recursive: true, mode: 0o700 });
    await this.#trash.open();
    this.#layers = await readLayerRecords(this.#chains);
    const committed = new Set([...this.#layers.values()].map((record) => record.layer));
    for (const key of await readdir(this.#active)) {
      const parent = await readLinkText(join(this.keyDirectory(key), 'parent'));
      const layer = await readLinkText(join(this.keyDirectory(key), 'layer'));
      if (parent === undefined || (layer !== undefined && committed.has(layer))) await this.#trash.take(this.keyDirectory(key));
      else this.#keys.set(key, { parent: parent === 'none' ? undefined : (parent as Digest), layer });
    }
    const used = new Set([...committed, ...[...this.#keys.values()].map((key) => key.layer)]);
    for (const id of await readdir(join(this.directory, 'l'))) {
      if (/^[0-9a-z]{1,10}$/.test(id)) this.#nextId = Math.max(this.#nextId, Number.parseInt(id, 36) + 1);
      if (!used.has(id)) await this.#trash.take(this.layerDirectory(id));
    }
  }

  get #active(): string {
    return join(this.directory, 'a');
  }

  get #chains(): string {
    return join(this.directory, 'chains');
  }

  keyDirectory(key: string): string {
    return join(this.#active, key);
  }

  layerDirectory(id: string): string {
    return join(this.directory, 'l', id);
  }

  layer(chainId: Digest): LayerRecord {
    const record = this.#layers.get(chainId);
    if (record === undefined) throw new JockerError('not-found', `there is no layer ${chainId}`);
    return record;
  }

  has(chainId: Digest): boolean {
    return this.#layers.has(chainId);
  }

  /** Ids of the layer and all below it, top first. */
  chain(chainId: Digest | undefined): string[] {
    const ids: string[] = [];
    for (let next = chainId; next !== undefined;) {
      const record = this.layer(next);
      ids.push(record.layer);
      next = record.parent;
    }
    return ids;
  }

  key(key: string): ActiveKey {
    const found = this.#keys.get(key);
    if (found === undefined) throw new JockerError('not-found', `there is no snapshot ${key}`);
    return found;
  }

  list(): { readonly keys: readonly string[]; readonly layers: readonly Digest[] } {
    return { keys: [...this.#keys.keys()], layers: [...this.#layers.keys()] };
  }

  /** Makes a folder for a layer; `fill` puts into it what it starts with. */
  async addLayerKey(key: string, parent: Digest | undefined, fill: (directory: string) => Promise<void>): Promise<string> {
    checkKey(key);
    if (this.#keys.has(key)) throw new JockerError('already-exists', `there is a snapshot ${key} already`);
    const layer = (this.#nextId++).toString(36);
    this.#keys.set(key, { parent, layer });
    return await this.#make(key, parent, async () => {
      await symlink(layer, join(this.keyDirectory(key), 'layer'));
      await makeRoot(this.layerDirectory(layer));
      await fill(this.layerDirectory(layer));
      return this.layerDirectory(layer);
    });
  }

  /** Makes a key's folder unless it is there; `fill` gets its path. The parent cannot be removed from the first moment on. */
  async addKey(key: string, parent: Digest | undefined, fill: (directory: string) => Promise<void>): Promise<void> {
    checkKey(key);
    if (!this.#keys.has(key)) {
      if (parent !== undefined) this.layer(parent);
      this.#keys.set(key, { parent, layer: undefined });
      const making = this.#make(key, parent, async () => await fill(this.keyDirectory(key))).finally(() => this.#making.delete(key));
      this.#making.set(key, making);
    }
    await this.#making.get(key);
  }

  async #make<T>(key: string, parent: Digest | undefined, fill: () => Promise<T>): Promise<T> {
    try {
      await mkdir(this.keyDirectory(key), { mode: 0o700 });
      const made = await fill();
      await symlink(parent ?? 'none', join(this.keyDirectory(key), 'parent'));
      return made;
    } catch (error) {
      await this.removeKey(key).catch(() => undefined);
      throw error;
    }
  }

  async commit(chainId: Digest, key: string, sizeBytes: number | undefined): Promise<void> {
    const { parent, layer } = this.key(key);
    if (layer === undefined) throw new JockerError('failed-precondition', `snapshot ${key} is not a layer`);
    if (this.#layers.has(chainId)) return await this.removeKey(key);
    if (parent !== undefined) this.layer(parent);
    const record: LayerRecord = { chainId, layer, parent, sizeBytes: sizeBytes ?? (await diskUsage(this.layerDirectory(layer))) };
    await writeLayerRecord(this.#chains, record);
    this.#layers.set(chainId, record);
    this.#keys.delete(key);
    await this.#trash.take(this.keyDirectory(key));
  }

  async removeKey(key: string): Promise<void> {
    const found = this.#keys.get(key);
    if (found === undefined) return;
    if (found.layer !== undefined) await this.#trash.take(this.layerDirectory(found.layer));
    await this.#trash.take(this.keyDirectory(key));
    this.#keys.delete(key);
  }

  async removeLayer(chainId: Digest): Promise<void> {
    const record = this.#layers.get(chainId);
    if (record === undefined) return;
    const builtOn = [...this.#layers.values(), ...this.#keys.values()].some(({ parent }) => parent === chainId);
    if (builtOn) throw new JockerError('failed-precondition', `layer ${chainId} is in use`, { details: { reason: 'in-use' } });
    this.#layers.delete(chainId);
    try {
      await removeLayerRecord(this.#chains, chainId);
    } catch (error) {
      this.#layers.set(chainId, record);
      throw error;
    }
    await this.#trash.take(this.layerDirectory(record.layer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trash[Symbol.asyncDispose]();
  }
}

/** A folder that is the root of a file system, whatever the umask. */
export async function makeRoot(directory: string): Promise<void> {
  await mkdir(directory);
  await chmod(directory, 0o755);
}

function checkKey(key: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(key)) throw new JockerError('invalid-argument', `"${key}" is no key for a snapshot`);
}

async function readLinkText(path: string): Promise<string | undefined> {
  return await readlink(path).catch(() => undefined);
}
