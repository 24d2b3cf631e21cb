import { chmod, chown, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { JockerError, type Digest, type Logger } from '@jocker/core';
import { diskUsage } from './disk-usage.ts';
import { readLayerRecords, removeLayerRecord, writeLayerRecord, type LayerRecord } from './layer-records.ts';
import { Trash } from './trash.ts';

/** A key that someone prepared: on a layer (of that id; `noLayer` for none), or a layer in the making with a parent to come. */
type ActiveKey =
  | { readonly kind: 'container'; readonly layer: string }
  | { readonly kind: 'layer'; readonly layer: string; readonly parent: Digest | undefined };

const noLayer = '0';
const activeName = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,127})([@+])([0-9a-z]{1,10})$/;

/**
 * The folders that both snapshotters keep, and who builds on whom:
 *
 * - `l/ID` a layer's files; the id is short, because all of them must fit into one page of mount options,
 * - `chains/sha256-HEX` the record that makes it a committed layer,
 * - `a/KEY@ID` a container's folder, on that layer; it gets this name when it is complete, and is `a/.KEY` before,
 * - `a/KEY+ID` a layer in the making,
 * - `trash/` what is being deleted.
 *
 * Names say it all, because each file that a create makes is paid for at every start. One process owns the folders; what
 * it knows it keeps in memory. `open` sweeps what a crash left between two steps.
 */
export class SnapshotShelf implements AsyncDisposable {
  readonly directory: string;
  readonly #trash: Trash;
  readonly #keys = new Map<string, ActiveKey>();
  readonly #making = new Map<string, Promise<void>>();
  readonly #rootsOfLayers = new Map<string, Promise<RootAttributes>>();
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
    const committed = new Set(this.#layers.values().map((record) => record.layer));
    for (const name of await readdir(this.#active)) {
      const [, key, mark, layer] = activeName.exec(name) ?? [];
      if (key === undefined || layer === undefined || (mark === '+' && committed.has(layer)))
        await this.#trash.take(join(this.#active, name));
      else this.#keys.set(key, mark === '@' ? { kind: 'container', layer } : { kind: 'layer', layer, parent: undefined });
    }
    const used = new Set([...committed, ...this.#keys.values().map((key) => key.layer)]);
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
  chain(chainId: Digest): string[] {
    const { layer, parent } = this.layer(chainId);
    return parent === undefined ? [layer] : [layer, ...this.chain(parent)];
  }

  /** A container's folder, and the ids of the layers that it lies on, top first. */
  container(key: string): { readonly directory: string; readonly layers: readonly string[] } {
    const found = this.#keys.get(key);
    if (found?.kind !== 'container') throw new JockerError('not-found', `there is no snapshot ${key}`);
    const directory = join(this.#active, `${key}@${found.layer}`);
    if (found.layer === noLayer) return { directory, layers: [] };
    const top = this.#layers.values().find(({ layer }) => layer === found.layer);
    if (top === undefined) throw new JockerError('data-loss', `the layer that snapshot ${key} lies on is gone`);
    return { directory, layers: this.chain(top.chainId) };
  }

  list(): { readonly keys: readonly string[]; readonly layers: readonly Digest[] } {
    return { keys: [...this.#keys.keys()], layers: [...this.#layers.keys()] };
  }

  /** Makes a folder for a layer; `fill` puts into it what it starts with. */
  async addLayerKey(key: string, parent: Digest | undefined, fill: (directory: string) => Promise<void>): Promise<string> {
    checkKey(key);
    if (this.#keys.has(key)) throw new JockerError('already-exists', `there is a snapshot ${key} already`);
    const layer = (this.#nextId++).toString(36);
    const directory = this.layerDirectory(layer);
    this.#keys.set(key, { kind: 'layer', layer, parent });
    try {
      await mkdir(join(this.#active, `${key}+${layer}`), { mode: 0o700 });
      await makeRoot(directory);
      await fill(directory);
    } catch (error) {
      await this.removeKey(key).catch(() => undefined);
      throw error;
    }
    return directory;
  }

  /** Makes a container's folder unless it is there; `fill` gets its path for now. The parent cannot be removed from the first moment on. */
  async addContainer(key: string, parent: Digest | undefined, fill: (directory: string) => Promise<void>): Promise<void> {
    checkKey(key);
    if (!this.#keys.has(key)) {
      const layer = parent === undefined ? noLayer : this.layer(parent).layer;
      this.#keys.set(key, { kind: 'container', layer });
      this.#making.set(
        key,
        this.#make(key, layer, fill).finally(() => this.#making.delete(key)),
      );
    }
    await this.#making.get(key);
  }

  async #make(key: string, layer: string, fill: (directory: string) => Promise<void>): Promise<void> {
    const unfinished = join(this.#active, `.${key}`);
    try {
      await mkdir(unfinished, { mode: 0o700 });
      await fill(unfinished);
      await rename(unfinished, join(this.#active, `${key}@${layer}`));
    } catch (error) {
      this.#keys.delete(key);
      await this.#trash.take(unfinished).catch(() => undefined);
      throw error;
    }
  }

  async commit(chainId: Digest, key: string, sizeBytes: number | undefined): Promise<void> {
    const found = this.#keys.get(key);
    if (found?.kind !== 'layer') throw new JockerError('not-found', `there is no layer ${key} in the making`);
    const { layer, parent } = found;
    if (this.#layers.has(chainId)) return await this.removeKey(key);
    if (parent !== undefined) this.layer(parent);
    const record: LayerRecord = { chainId, layer, parent, sizeBytes: sizeBytes ?? (await diskUsage(this.layerDirectory(layer))) };
    await writeLayerRecord(this.#chains, record);
    this.#layers.set(chainId, record);
    this.#keys.delete(key);
    await this.#trash.take(join(this.#active, `${key}+${layer}`));
  }

  async removeKey(key: string): Promise<void> {
    await this.#making.get(key)?.catch(() => undefined);
    const found = this.#keys.get(key);
    if (found === undefined) return;
    if (found.kind === 'layer') await this.#trash.take(this.layerDirectory(found.layer));
    await this.#trash.take(join(this.#active, `${key}${found.kind === 'layer' ? '+' : '@'}${found.layer}`));
    this.#keys.delete(key);
  }

  async removeLayer(chainId: Digest): Promise<void> {
    const record = this.#layers.get(chainId);
    if (record === undefined) return;
    const hasChild = this.#layers.values().some(({ parent }) => parent === chainId);
    const hasUser = this.#keys.values().some((key) => (key.kind === 'layer' ? key.parent === chainId : key.layer === record.layer));
    if (hasChild || hasUser) throw new JockerError('failed-precondition', `layer ${chainId} is in use`, { details: { reason: 'in-use' } });
    this.#layers.delete(chainId);
    try {
      await removeLayerRecord(this.#chains, chainId);
    } catch (error) {
      this.#layers.set(chainId, record);
      throw error;
    }
    await this.#trash.take(this.layerDirectory(record.layer));
  }

  /** Makes a folder that looks like the root of a committed layer; like any other root without one. */
  async makeRootLike(directory: string, parent: Digest | undefined): Promise<void> {
    if (parent === undefined) return await makeRoot(directory);
    const { layer } = this.layer(parent);
    const known = this.#rootsOfLayers.get(layer) ?? stat(this.layerDirectory(layer));
    this.#rootsOfLayers.set(layer, known);
    await makeRoot(directory, await known);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trash[Symbol.asyncDispose]();
  }
}

interface RootAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A folder that is the root of a file system, whatever the umask. */
export async function makeRoot(directory: string, { mode, uid, gid }: RootAttributes = { mode: 0o755, uid: 0, gid: 0 }): Promise<void> {
  await mkdir(directory);
  if (uid !== 0 || gid !== 0) await chown(directory, uid, gid);
  await chmod(directory, mode & 0o7777);
}

function checkKey(key: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(key)) throw new JockerError('invalid-argument', `"${key}" is no key for a snapshot`);
}
