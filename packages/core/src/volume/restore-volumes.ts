import { isAlive } from '../container/container-state.ts';
import { volumeMountsOf } from './plan-mounts.ts';
import type { VolumeDeps } from './volume-deps.ts';

/** Once at the engine's start: volumes of running containers are mounted, those of others are not, and what was recorded and not made is made. */
export async function restoreVolumes(deps: VolumeDeps): Promise<void> {
  const context = { signal: deps.closing, log: deps.log };
  const attempt = async (volume: string, work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => deps.log.warn('a volume could not be brought back', { volume, error: String(error) }));
  };
  for (const { id, status, request } of deps.containers.list()) {
    for (const { source: name } of volumeMountsOf(request)) {
      const volume = deps.volumes.get(name);
      if (volume === undefined) continue;
      await attempt(name, async () => {
        const { value: driver } = deps.drivers.volumes.byName(volume.driver);
        if (isAlive(status)) await driver.mount(name, id, context);
        else await driver.unmount(name, id, context);
      });
    }
  }
  for (const { name, driver, options } of deps.volumes.list()) {
    await attempt(name, async () => {
      const { value } = deps.drivers.volumes.byName(driver);
      if (!(await value.list()).includes(name)) await value.create(name, options, context);
    });
  }
}
