import { JockerError } from '../errors/jocker-error.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import type { VolumeDeps } from './volume-deps.ts';
import type { VolumeRecord } from './volume-record.ts';

export interface VolumeCreateRequest {
  /** 64 hex digits when absent. */
  readonly name?: string;
  /** By default the first that works. */
  readonly driver?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
}

function assertVolumeName(name: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(name)) {
    throw new JockerError(
      'invalid-argument',
      `"${name.slice(0, 80)}" is no volume name: two or more of letters, digits, _ . - and a letter or digit first`,
    );
  }
}

/** One that is there already is answered as it is, unless another driver is wanted. Recorded before it is made. */
export async function makeVolume(
  deps: VolumeDeps,
  request: VolumeCreateRequest & { readonly name: string },
  context: OperationContext,
  anonymous = false,
): Promise<VolumeRecord> {
  const { name, labels = {}, options = {} } = request;
  assertVolumeName(name);
  return await deps.lock.run(name, async () => {
    const existing = deps.volumes.get(name);
    if (existing !== undefined) {
      if (request.driver !== undefined && request.driver !== existing.driver) {
        throw new JockerError('already-exists', `volume ${name} is there already, of the driver ${existing.driver}`, {
          details: { reason: 'name-in-use', name },
        });
      }
      return existing;
    }
    const { value: driver } = await deps.drivers.volumes.choose(request.driver);
    const record: VolumeRecord = {
      name,
      driver: driver.name,
      createdAt: new Date().toISOString(),
      labels,
      options,
      anonymous,
      content: 'new',
    };
    deps.publisher.publish('volume:created', { name, driver: driver.name, record }, { change: () => deps.volumes.add(record) });
    try {
      await deps.checkpoint?.('volume:recorded');
      await driver.create(name, options, context);
      return record;
    } catch (error) {
      await driver
        .remove(name, context)
        .catch((failure: unknown) =>
          deps.log.warn('a volume that could not be made left traces', { volume: name, error: String(failure) }),
        );
      deps.publisher.publish('volume:removed', { name, driver: driver.name }, { change: () => deps.volumes.remove(name) });
      throw error;
    }
  });
}

/** The containers that mount it, running or not. */
export function usersOf(
  { containers }: Pick<VolumeDeps, 'containers'>,
  volume: string,
): readonly { readonly id: string; readonly name: string }[] {
  return containers.list().flatMap(({ id, name, mounts }) => (mounts.some((mount) => mount.volume === volume) ? [{ id, name }] : []));
}

export async function removeVolume(deps: VolumeDeps, name: string, context: OperationContext): Promise<void> {
  await deps.lock.run(name, async () => {
    const record = deps.volumes.find(name);
    const users = usersOf(deps, name);
    if (users.length > 0) {
      throw new JockerError('failed-precondition', `volume ${name} is used by ${users.map((user) => user.name).join(', ')}`, {
        details: { reason: 'in-use' },
      });
    }
    await deps.drivers.volumes.byName(record.driver).value.remove(name, context);
    await deps.checkpoint?.('volume:data-removed');
    deps.publisher.publish('volume:removed', { name, driver: record.driver }, { change: () => deps.volumes.remove(name) });
  });
}
