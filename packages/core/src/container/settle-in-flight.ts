import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerDeps } from './container-deps.ts';
import { isAlive } from './container-state.ts';
import type { ContainerRecord } from './container-record.ts';
import { locationOf } from './container-subject.ts';

const checkEveryMs = 20;
const patienceMs = 10_000;

/**
 * A killed engine leaves the programs that it had just called: a monitor goes on to make a container that nobody waits for.
 * Resolves when each of them has come to an end or to a container that the runtime can tell of, so that what is found
 * afterwards is all there is. A bundle's folder is made before any program is called: without one there is nothing to wait for.
 */
export async function settleInFlight(deps: ContainerDeps): Promise<void> {
  const bundles = await readdir(deps.paths.bundleRoot).catch((): string[] => []);
  const unsettled = bundles.filter((id) => !isAlive(deps.store.get(id)?.status ?? 'created'));
  await Promise.all(unsettled.map(async (id) => settle(deps, id)));
}

async function settle(deps: ContainerDeps, id: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (await isNamedByProcess(id)) {
    if (await isMade(deps, id)) return;
    if (Date.now() > deadline) {
      deps.log.warn('programs that an earlier engine called for a container do not end', { container: id });
      return;
    }
    await delay(checkEveryMs);
  }
}

/** Monitors and runtimes carry the id among their arguments. */
async function isNamedByProcess(id: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')));
  return lines.some((line) => line.includes(`\0${id}\0`));
}

async function isMade(deps: ContainerDeps, id: string): Promise<boolean> {
  const record = deps.store.get(id);
  const runtimes = record === undefined ? await deps.drivers.runtimes.usable() : [deps.drivers.runtimes.byName(record.runtime)];
  const location = locationOf(deps, record ?? nameless(id));
  for (const { value: runtime } of runtimes) {
    const status = await runtime.state(id, location, { signal: deps.closing, log: deps.log }).then(
      (state) => state.status,
      () => undefined,
    );
    if (status === 'created' || status === 'running' || status === 'paused') return true;
  }
  return false;
}

const nameless = (id: string): Pick<ContainerRecord, 'id' | 'request'> => ({ id, request: { image: '' } });
