import { randomBytes } from 'node:crypto';
import { JockerError } from '../errors/jocker-error.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import type { NetworkDeps } from './network-deps.ts';
import type { NetworkRecord } from './network-record.ts';

export interface NetworkCreateRequest {
  /** Letters, digits, `_`, `.` and `-`, beginning with a letter or digit. */
  readonly name: string;
  /** By default the first that works. */
  readonly driver?: string;
  readonly subnets?: readonly { readonly subnet?: string; readonly gateway?: string; readonly range?: string }[];
  readonly internal?: boolean;
  readonly ipv6?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
}

/** Where a container goes that names no network. */
export const defaultNetworkName = 'bridge';
/** Not networks: ways to have none of one's own. */
const networkModes: readonly string[] = ['none', 'host', 'default', 'container'];

export function assertNetworkName(name: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name))
    throw new JockerError(
      'invalid-argument',
      `"${name}" cannot be the name of a network; use letters, digits, dots, dashes and underscores`,
    );
  if (networkModes.includes(name)) throw new JockerError('invalid-argument', `a network cannot be called ${name}`);
}

/** Records the plan, then makes it; a make that fails leaves neither. Networks are made one after the other: their subnets must not overlap. */
export async function makeNetwork(
  deps: NetworkDeps,
  request: NetworkCreateRequest,
  context: OperationContext,
  operationId?: string,
): Promise<NetworkRecord> {
  const { name, subnets = [], internal = false, ipv6 = false, labels = {}, options = {} } = request;
  const { value: driver } = await deps.drivers.choose(request.driver);
  return await deps.networkLock.run('', async () => {
    const existing = deps.networks.byName(name);
    if (existing !== undefined) {
      throw new JockerError('already-exists', `there is a network ${name} already`, {
        details: { reason: 'name-in-use', networkId: existing.id, name },
      });
    }
    const id = randomBytes(32).toString('hex');
    const plan = await driver.planNetwork({ id, name, subnets, internal, ipv6, options }, deps.networks.list());
    const record: NetworkRecord = {
      id,
      name,
      driver: driver.name,
      createdAt: new Date().toISOString(),
      internal,
      nameResolution: name !== defaultNetworkName,
      labels,
      options,
      ...plan,
    };
    deps.publisher.publish(
      'network:created',
      { networkId: id, name, driver: driver.name, record },
      {
        ...(operationId === undefined ? {} : { operationId }),
        change: () => deps.networks.add(record),
      },
    );
    try {
      await deps.checkpoint?.('network:recorded');
      await driver.createNetwork(record, context);
      return record;
    } catch (error) {
      await driver
        .removeNetwork(record, context)
        .catch((failure: unknown) =>
          deps.log.warn('a network that could not be made left traces', { network: name, error: String(failure) }),
        );
      deps.publisher.publish('network:removed', { networkId: id, name }, { change: () => deps.networks.remove(id) });
      throw error;
    }
  });
}
