import { randomBytes } from 'node:crypto';
import type { CallOptions } from '../engine/engine.ts';
import type { Operation } from '../operation/operation.ts';
import type { Operations } from '../operation/operations.ts';
import { makeVolume, removeVolume, usersOf } from './make-volume.ts';
import type { VolumeApi, VolumeView } from './volume-api.ts';
import type { VolumeDeps } from './volume-deps.ts';
import type { VolumeRecord } from './volume-record.ts';

/** Each verb as an operation. */
export function createVolumeApi(deps: VolumeDeps, operations: Operations): VolumeApi {
  const run = <T>(
    verb: string,
    subject: string,
    options: CallOptions | undefined,
    work: (operation: Operation) => Promise<T>,
  ): Promise<T> => operations.run({ verb: `volume.${verb}`, subject, signal: options?.signal, client: options?.client }, work);
  const toView = async (record: VolumeRecord): Promise<VolumeView> => ({
    ...record,
    hostPath: await pathOf(deps, record),
    usedBy: usersOf(deps, record.name),
  });
  const usageBytes = async (name: string): Promise<number> =>
    await deps.drivers.volumes.byName(deps.volumes.find(name).driver).value.usageBytes(name);
  const list = async (): Promise<readonly VolumeView[]> => await Promise.all(deps.volumes.list().map(toView));

  return {
    list,
    usageBytes,
    async create(request, options) {
      const name = request.name ?? randomBytes(32).toString('hex');
      const anonymous = request.name === undefined;
      return await run('create', name, options, async (operation) =>
        toView(await makeVolume(deps, { ...request, name }, operation, anonymous)),
      );
    },
    inspect: async (name) => await toView(deps.volumes.find(name)),
    async remove(name, options) {
      deps.volumes.find(name);
      await run('remove', name, options, (operation) => removeVolume(deps, name, operation));
    },
    async prune({ all = false, filter = () => true } = {}) {
      const removed: string[] = [];
      let reclaimedBytes = 0;
      for (const view of await list()) {
        if (view.usedBy.length > 0 || !(all || view.anonymous) || !filter(view)) continue;
        const bytes = await usageBytes(view.name).catch(() => 0);
        // One that a container took meanwhile stays.
        const isGone = await run('remove', view.name, undefined, (operation) => removeVolume(deps, view.name, operation)).then(
          () => true,
          () => false,
        );
        if (!isGone) continue;
        removed.push(view.name);
        reclaimedBytes += bytes;
      }
      deps.publisher.publish('prune:finished', { kind: 'volumes', reclaimedBytes });
      return { removed, reclaimedBytes };
    },
  };
}

async function pathOf(deps: VolumeDeps, { name, driver }: VolumeRecord): Promise<string> {
  try {
    return (await deps.drivers.volumes.byName(driver).value.hostPath(name)) ?? '';
  } catch {
    // Its plugin is not there now; the volume is.
    return '';
  }
}
